"""Label fractions: nested and stratified draws, and what a mean over draws says of itself."""

import numpy as np
import pytest
import torch

from datayield.evals import evaluate
from datayield.evals.inputs import Inputs
from datayield.evals.knn import nearest_neighbours
from datayield.evals.label_fractions import labelled_positions
from datayield.evals.linear import linear_probe
from datayield.spec.evaluation.eval_spec import EvalSpec
from tests.evals.made import mixture, spec

LABELS = np.random.default_rng(5).permutation(np.repeat(np.arange(6), [200, 100, 40, 9, 2, 1]))


def few(protocol: str = "linear@1", **more: object) -> EvalSpec:
    return EvalSpec.model_validate(
        {"name": "few", "protocol": protocol, "dataset": "made", "draws": 3, **more}
    )


@pytest.mark.parametrize("draw", range(3))
def test_draws_are_stratified_and_nested(draw: int) -> None:
    counts = np.bincount(LABELS)
    before: set[int] = set()
    for fraction in (0.001, 0.05, 0.1, 0.5, 1.0):
        kept = labelled_positions(LABELS, 7, draw, fraction, None)
        taken = np.bincount(LABELS[kept], minlength=6)
        expected = np.maximum(1, np.floor(fraction * counts + 0.5))
        assert taken.tolist() == expected.tolist()
        assert len(set(kept)) == len(kept)
        assert before <= set(kept)
        before = set(kept)
    assert len(before) == len(LABELS)
    smaller = labelled_positions(LABELS, 7, draw, None, 3)
    assert np.bincount(LABELS[smaller]).tolist() == [3, 3, 3, 3, 2, 1]
    assert set(smaller) <= set(labelled_positions(LABELS, 7, draw, None, 10))


def test_draws_differ_by_draw_and_seed_and_come_again() -> None:
    first = labelled_positions(LABELS, 7, 0, 0.1, None)
    assert np.array_equal(first, labelled_positions(LABELS, 7, 0, 0.1, None))
    assert not np.array_equal(first, labelled_positions(LABELS, 7, 1, 0.1, None))
    assert not np.array_equal(first, labelled_positions(LABELS, 8, 0, 0.1, None))
    assert labelled_positions(np.arange(20) % 2, 7, 0, 0.25, None).tolist() == GOLDEN


GOLDEN = [1, 2, 5, 8, 13, 16]  # frozen: another draw under the same name is another measurement


@pytest.mark.parametrize("protocol", ["linear@1", "knn@1"])
def test_the_mean_is_of_the_probe_on_each_draw(protocol: str) -> None:
    (x, y), test = mixture(400, 16, 4), mixture(300, 16, 4, seed=1)
    probe = linear_probe if protocol == "linear@1" else nearest_neighbours
    got = evaluate(few(protocol, label_fraction=0.1), (x, y), test)
    own = []
    for draw in range(3):
        mine = torch.from_numpy(labelled_positions(y.numpy(), 0, draw, 0.1, None))
        own.append(probe(spec(protocol), Inputs(test, (x[mine], y[mine]))).metrics["accuracy"])
    assert [got.metrics[f"accuracy_draw{i}"] for i in range(3)] == own
    assert got.metrics["accuracy"] == pytest.approx(np.mean(own), abs=1e-12)
    assert got.metrics["accuracy_sd_draws"] == pytest.approx(np.std(own, ddof=1), abs=1e-12)
    assert "3 draws" in got.notes[0]
    assert "not another pretraining" in got.notes[0]
    assert 36 <= got.n_train <= 44


def test_the_interval_adds_both_variances() -> None:
    """t over three draws and the spread of a binomial over the test items, in squares."""
    got = evaluate(few(label_fraction=0.1), mixture(400, 16, 4), mixture(300, 16, 4, seed=1))
    p, sd = got.metrics["accuracy"], got.metrics["accuracy_sd_draws"]
    half = np.hypot(4.3027 * sd / 3**0.5, 1.96 * (p * (1 - p) / 300) ** 0.5)
    low, high = got.intervals["accuracy"]
    assert (high - low) / 2 == pytest.approx(half, rel=0.01)
    assert (high + low) / 2 == pytest.approx(p, abs=1e-9)


def test_the_interval_covers_the_mean_over_all_draws() -> None:
    """Of 20 worlds at most 4 miss what 40 other draws and 5,000 test items say."""
    missed = 0
    for seed in range(20):
        pool, large = mixture(300, 8, 3, seed), mixture(5000, 8, 3, 1000 + seed)
        small = tuple(part[:200] for part in large)
        low, high = evaluate(few("knn@1", per_class=3), pool, small).intervals["accuracy"]
        true = evaluate(few("knn@1", per_class=3, draws=40, seed=9), pool, large)
        missed += not low <= true.metrics["accuracy"] <= high
    assert missed <= 4


def test_all_labels_are_one_draw_and_the_plain_probe() -> None:
    train, test = mixture(200, 16, 4), mixture(100, 16, 4, seed=1)
    whole = evaluate(few(label_fraction=1.0), train, test)
    plain = evaluate(few(draws=None), train, test)
    assert whole.metrics["accuracy"] == plain.metrics["accuracy"]
    assert whole.intervals == plain.intervals
    assert "accuracy_sd_draws" not in whole.metrics
    assert "test items only" in whole.notes[0]


def test_the_strength_is_chosen_anew_in_each_draw() -> None:
    spec = few(per_class=8, draws=8)
    got = evaluate(spec, mixture(400, 24, 4, spread=0.4), mixture(100, 24, 4, 1, spread=0.4))
    each = [got.metrics[f"strength_draw{i}"] for i in range(8)]
    assert len(set(each)) > 1
    assert got.metrics["strength"] == np.median(each)


def test_what_makes_no_sense_is_refused() -> None:
    for more, says in (
        ({"draws": 3}, "draws requires"),
        ({"label_fraction": 0.1, "per_class": 2}, "mutually exclusive"),
        ({"per_class": 1}, "per_class >= 2"),
        ({"protocol": "spectrum@1", "per_class": 2}, "uses all labels"),
        ({"label_fraction": 0.0}, "greater than 0"),
        ({"label_fraction": 1.5}, "less than or equal to 1"),
        ({"draws": 0, "per_class": 2}, "greater than or equal to 1"),
    ):
        with pytest.raises(ValueError, match=says):
            few(**{"draws": None, **more})  # type: ignore[arg-type]
