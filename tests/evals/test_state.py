"""state@1 and augmentation_spectrum@1: what they measure of which space, and what they say."""

import numpy as np
import pytest
import torch

from datayield.evals import OF_VIEWS, Space, evaluate_views
from datayield.maths import invariance, spectrum
from datayield.spec.errors import ConfigError, TrainingError
from datayield.spec.evaluation import PROTOCOLS
from datayield.spec.evaluation.eval_spec import EvalSpec
from datayield.spec.validate import validated
from tests.evals.made import spec


def space(n: int = 300, m: int = 40, q: int = 4, d: int = 16, seed: int = 0) -> Space:
    draw = torch.Generator().manual_seed(seed)
    items = torch.randn(n, d, generator=draw) * torch.linspace(2, 0.2, d) + 1
    views = items[:m, None] + 0.3 * torch.randn(m, q, d, generator=draw)
    return Space(items, views)


def test_every_metric_of_both_spaces_under_its_own_name() -> None:
    features, projections = space(), space(d=20, seed=1)
    got = evaluate_views(spec("state@1"), features, projections).metrics
    for prefix, (items, views) in (("", features), ("projection_", projections)):
        fall = spectrum.decay(spectrum.centred_spectrum(items))
        assert fall is not None
        both = [invariance.uniformity(views[:, i]) for i in (0, 1)]
        want = {
            "effective_rank": spectrum.effective_rank(items),
            "rankme": spectrum.rankme(items),
            "feature_std": spectrum.feature_std(items),
            "alpha_req": fall.alpha,
            "alpha_req_r2": fall.r2,
            "lidar": invariance.lidar(views),
            "alignment": invariance.alignment(views[:, 0], views[:, 1]),
            "uniformity": sum(both) / 2,
            "n": 300.0,
            "d": float(items.shape[1]),
        }
        assert {k: got[prefix + k] for k in want} == pytest.approx(want)
    assert len(got) == 20


def test_without_projections_they_are_absent_and_a_note_says_so() -> None:
    got = evaluate_views(spec("state@1"), space(), None)
    assert not [name for name in got.metrics if name.startswith("projection")]
    assert any("no projections" in note for note in got.notes)
    assert (got.n_train, got.n_test, got.intervals) == (0, 300, {})


def test_it_says_what_bounds_the_numbers_and_the_range_of_the_fit() -> None:
    notes = " | ".join(evaluate_views(spec("state@1"), space(40, 10, d=16), None).notes)
    assert "40 items for 16 dimensions: the ranks are bounded" in notes
    assert "LiDAR is bounded by 10 images" in notes
    assert "alpha-ReQ over k = 4 to 8" in notes
    thin = evaluate_views(spec("state@1"), space(d=8), None)
    assert "alpha_req" not in thin.metrics
    assert any("too few for alpha-ReQ" in note for note in thin.notes)


def test_a_random_choice_of_items_is_seeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datayield.evals.state.ITEMS", 100)
    one, other = (evaluate_views(spec("state@1", s), space(), None).metrics for s in (0, 1))
    assert one["n"] == 100
    assert one["effective_rank"] != other["effective_rank"]
    assert one["lidar"] == other["lidar"]


def test_features_that_are_not_finite_are_refused_by_name() -> None:
    bad = space()
    bad.views[3, 1, 0] = torch.nan
    for features, projections, name in ((bad, None, "features"), (space(), bad, "projections")):
        with pytest.raises(TrainingError, match="not finite") as caught:
            evaluate_views(spec("state@1"), features, projections)
        assert f"task.{name}" in caught.value.text()


def test_collapse_gives_numbers_that_say_so() -> None:
    flat = Space(torch.ones(50, 12), torch.ones(20, 4, 12))
    got = evaluate_views(spec("state@1"), flat, None).metrics
    assert (got["effective_rank"], got["lidar"], got["uniformity"]) == (0, 0, 0)
    assert got["rankme"] == pytest.approx(1, abs=1e-4)
    assert got["feature_std"] < 1e-9
    spectrum_of = evaluate_views(spec("augmentation_spectrum@1"), flat, None)
    assert spectrum_of.metrics == {}
    assert "no spectrum" in spectrum_of.notes[-1]


def test_the_sampled_spectrum_nears_that_of_many_views() -> None:
    """Kept 1, lost 1: lambda = 1/2, of which V views make 1/2 + 1/2 / V."""
    rng = np.random.default_rng(0)
    images = rng.normal(size=(2000, 1, 20))
    views = torch.from_numpy(images + rng.normal(size=(2000, 64, 20)))
    got = evaluate_views(spec("augmentation_spectrum@1"), Space(views[:, 0], views), None)
    leading = [got.metrics[f"eigenvalue_{k}"] for k in range(1, 17)]
    assert leading == sorted(leading, reverse=True)
    assert np.mean(leading) == pytest.approx(0.5, abs=0.05)
    for count in (2, 4, 8):
        assert got.metrics[f"gap_{count}"] == pytest.approx(0.5 / count - 0.5 / 64, abs=0.02)
    assert "eigenvalue_17" not in got.metrics


def test_how_many_views_is_part_of_the_protocol() -> None:
    """Frozen: another number would be another measurement."""
    assert {p: (PROTOCOLS[p].view_images, PROTOCOLS[p].view_count) for p in OF_VIEWS} == {
        "state@1": (1000, 10),
        "augmentation_spectrum@1": (256, 64),
    }


def test_views_are_named_and_only_where_they_are_made() -> None:
    raw = {"name": "s", "protocol": "state@1", "dataset": "digits"}
    assert validated(EvalSpec, {**raw, "views": "mild"}, where="t").views == "mild"
    with pytest.raises(ConfigError, match="did you mean 'mild'"):
        validated(EvalSpec, {**raw, "views": "mlid"}, where="t")
    with pytest.raises(ConfigError, match="does not apply to spectrum@1"):
        validated(EvalSpec, {**raw, "views": "mild", "protocol": "spectrum@1"}, where="t")
    plain = EvalSpec(name="s", protocol="spectrum@1", dataset="digits", size=16)
    assert plain.id == EvalSpec(name="s", protocol="spectrum@1", dataset="digits", size=16).id
    assert "views" not in plain.model_dump(exclude_none=True)  # older ids stay


def test_seen_images_are_those_of_the_subset_pretrained_on() -> None:
    """What EvalSpec promises of `test: train` with `test_count` and the subset's seed."""
    from datayield.data.selection import indices, sample_items
    from datayield.spec.run.subset import Subset

    trained_on = indices(Subset(dataset="any", count=50, seed=3), 400)
    assert np.array_equal(sample_items(np.arange(400), 50, 3), trained_on)
    assert set(sample_items(np.arange(400), 20, 3)) <= set(trained_on)
    seen = EvalSpec(name="s", protocol="state@1", dataset="any", test="train", test_count=50)
    assert seen.train == seen.test
