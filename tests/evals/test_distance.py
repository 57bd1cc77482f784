"""Distances of made features: what orders, covers, and is refused."""

import math

import pytest
import torch
from torch import Tensor

from datayield.evals import distance
from datayield.evals.distance import GROUPS, LEAST, Sample, distances
from datayield.evals.domain_classifier import domain_auc
from datayield.maths.histograms import histogram
from datayield.spec.errors import ConfigError, DataError, TrainingError
from datayield.store.distances import MetricRecord

BINS = 50


def sample(n: int, d: int, seed: int, shift: float = 0.0, name: str = "a") -> Sample:
    """Normal features; activations are the first three of them."""
    draw = torch.Generator().manual_seed(seed)
    x = torch.randn(n, d, generator=draw) + shift
    low, high = torch.full((3,), -5.0), torch.full((3,), 7.0)
    counts = [histogram(part[:, :3], low, high, BINS) for part in x.tensor_split(GROUPS)]
    return Sample(name, x, {"early": torch.stack(counts)})


def by_name(a: Sample, b: Sample, **knobs: object) -> dict[str, MetricRecord]:
    return {one.metric: one for one in distances(a, b, **knobs)}  # type: ignore[arg-type]


def test_one_distribution_is_at_no_distance_and_looks_like_its_null() -> None:
    by_metric = by_name(sample(240, 8, 0), sample(240, 8, 1))
    for metric in ("fid_inf", "kid", "mmd_median"):
        one = by_metric[metric]
        assert one.unbiased
        assert one.interval is not None
        assert one.interval[0] <= 0 <= one.interval[1]
    for one in by_metric.values():
        assert one.value is not None
        assert one.null is not None
        assert one.null[0] < one.value < one.null[1] + 0.5 * (one.null[1] - one.null[0])
    auc = by_metric["domain_auc"]
    assert auc.interval is not None
    assert auc.interval[0] <= 0.5 <= auc.interval[1]


def test_shifted_ones_are_at_the_distance_that_they_are() -> None:
    d, shift = 8, 0.5
    by_metric = by_name(sample(480, d, 0), sample(480, d, 1, shift))
    for one in by_metric.values():
        assert one.value is not None
        assert one.null is not None
        assert one.value > one.null[1]
    fid = by_metric["fid_inf"]
    assert fid.interval is not None
    assert fid.interval[0] < d * shift**2 < fid.interval[1]
    auc = by_metric["domain_auc"]  # of a shift of shift * sqrt(d) along the line between the means
    assert auc.value == pytest.approx(0.5 + 0.5 * math.erf(shift * math.sqrt(d) / 2), abs=0.03)
    vdna = by_metric["vdna"]
    assert vdna.value == pytest.approx(shift / 12, rel=0.1)  # of a range of 12
    assert "of 50 bins; mean of 3 neurons; by stage: early" in vdna.note


def test_figures_grow_with_the_shift() -> None:
    base = sample(240, 8, 0)
    by_shift = [by_name(base, sample(240, 8, 1, shift)) for shift in (0.0, 0.3, 0.6, 0.9)]
    for metric in by_shift[0]:
        values = [one[metric].value or 0 for one in by_shift]
        assert values == sorted(values), metric
        assert values[0] < values[-1], metric


def test_few_images_for_the_width_say_how_many_are_needed() -> None:
    by_metric = by_name(sample(120, 64, 0), sample(120, 64, 1))
    fid = by_metric["fid_inf"]
    assert fid.value is fid.interval is fid.null is None
    assert fid.note == "needs 130 images of each at a width of 64; here 120"
    assert "below 640 images" in by_metric["fid"].note
    fid_value, shrunk = by_metric["fid"].value, by_metric["fid_shrunk"].value
    assert shrunk is not None
    assert fid_value is not None
    assert shrunk < fid_value / 2
    assert "fid_shrunk" not in by_name(sample(120, 8, 0), sample(120, 8, 1))


def test_cmmd_is_of_clip_alone() -> None:
    a, b = sample(96, 8, 0), sample(96, 8, 1, 0.5)
    assert "cmmd" not in by_name(a, b)
    by_metric = by_name(a, b, kind="clip")
    assert "mmd_median" not in by_metric
    unit = [torch.nn.functional.normalize(s.features.double(), dim=1) for s in (a, b)]

    def mean(x: Tensor, y: Tensor) -> Tensor:
        kernel = (-torch.cdist(x, y).square() / 200).exp()
        return (kernel.sum() - len(x)) / (len(x) * (len(x) - 1)) if x is y else kernel.mean()

    x, y = unit
    expected = 1000 * float(mean(x, x) + mean(y, y) - 2 * mean(x, y))
    assert by_metric["cmmd"].value == pytest.approx(expected, rel=1e-6)


def test_null_splits_hold_as_many_groups_of_each() -> None:
    splits = distance._mixed(seed=0)
    assert len({tuple(first) for first, _ in splits}) == distance.SPLITS
    for first, second in splits:
        assert sorted(first + second) == list(range(2 * GROUPS))
        assert sum(k < GROUPS for k in first) == GROUPS // 2 == sum(k < GROUPS for k in second)


def test_features_that_never_vary_have_distances_still() -> None:
    a, b = sample(96, 4, 0), sample(96, 4, 1)
    still = [s._replace(features=torch.ones(96, 4)) for s in (a, b)]
    by_metric = by_name(*still)
    assert by_metric["mmd_median"].value is None
    assert by_metric["kid"].value == pytest.approx(0, abs=1e-9)
    assert by_metric["domain_auc"].value == 0.5


def test_the_domain_classifier_scores_images_that_it_has_not_seen() -> None:
    """More dimensions than images: a classifier of what it was fitted on would be perfect."""
    a, b = (sample(120, 200, seed).features.tensor_split(12) for seed in (0, 1))
    auc = domain_auc(a, b)
    assert 0.35 < auc < 0.65


@pytest.mark.parametrize(
    ("b", "error", "says"),
    [
        (sample(LEAST - 1, 4, 1, name="b"), DataError, "too few images"),
        (sample(96, 5, 1, name="b"), ConfigError, "different widths"),
        (sample(95, 4, 1, name="b"), DataError, "different sizes"),
        (Sample("b", torch.full((96, 4), math.nan), {}), TrainingError, "not finite"),
    ],
)
def test_what_is_refused(b: Sample, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        distances(sample(96, 4, 0), b)
