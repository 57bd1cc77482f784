"""linear@1: honest selection, edges, and what it says when something is missing."""

import numpy as np
import pytest
import torch

from datayield.evals import evaluate
from datayield.evals.linear import STRENGTHS, validation_split
from datayield.spec.errors import DataError, TrainingError
from tests.evals.made import mixture, spec

NAMES = {
    "accuracy",
    "balanced_accuracy",
    "accuracy_val",
    "accuracy_best_on_test",
    "strength",
    "classes_missing_in_train",
}


def test_learns_what_can_be_learned():
    """Near the best possible accuracy, that of the class centres themselves."""
    train, test = mixture(1500, 24, 5, spread=1.0), mixture(1000, 24, 5, seed=1, spread=1.0)
    got = evaluate(spec(), train, test)
    assert set(got.metrics) == NAMES
    assert got.metrics["accuracy"] > 0.9
    assert abs(got.metrics["accuracy_val"] - got.metrics["accuracy"]) < 0.06
    assert got.metrics["accuracy_best_on_test"] >= got.metrics["accuracy"]
    assert got.metrics["strength"] in STRENGTHS
    assert (got.n_train, got.n_test) == (1500, 1000)
    for name, (low, high) in got.intervals.items():
        assert low < got.metrics[name] < high
    assert got.notes[0] == "strength chosen on 300 of 1500 train items"


def test_null_labels_cover_chance():
    """20 tasks without signal: intervals at 95% must hold chance, the best on test must exceed it.

    The binomial probability of 4 misses or more of 20 is 0.016; seeds are fixed.
    """
    covered, optimism = 0, []
    for seed in range(20):
        draw = torch.Generator().manual_seed(seed)
        x, y = torch.randn(500, 8, generator=draw), torch.randint(4, (500,), generator=draw)
        got = evaluate(spec(seed=seed), (x[:200], y[:200]), (x[200:], y[200:]))
        low, high = got.intervals["accuracy"]
        covered += low <= 0.25 <= high
        optimism.append(got.metrics["accuracy_best_on_test"] - got.metrics["accuracy"])
    assert covered >= 17
    assert min(optimism) >= 0
    assert np.mean(optimism) > 0.003  # choosing on test pays, dishonestly


def test_test_labels_change_no_choice():
    train, (x, y) = mixture(200, 16, 4), mixture(100, 16, 4, seed=1)
    one = evaluate(spec(), train, (x, y)).metrics
    other = evaluate(spec(), train, (x, y.flip(0))).metrics
    assert one["strength"] == other["strength"]
    assert one["accuracy_val"] == other["accuracy_val"]
    assert one["accuracy"] != other["accuracy"]


def test_evaluating_twice_gives_the_same_numbers_and_leaves_the_generators_alone():
    train, test = mixture(200, 16, 4), mixture(100, 16, 4, seed=1)
    before, legacy = torch.get_rng_state(), np.random.get_state()[1].copy()
    first, second = (evaluate(spec(), train, test) for _ in range(2))
    assert torch.equal(first.right, second.right)
    assert first._replace(right=None) == second._replace(right=None)
    assert torch.equal(before, torch.get_rng_state())
    assert np.array_equal(legacy, np.random.get_state()[1])


def test_units_of_features_do_not_matter():
    (x, y), (x_test, y_test) = mixture(300, 16, 4), mixture(200, 16, 4, seed=1)
    scale, shift = torch.logspace(-3, 3, 16), torch.linspace(-5, 5, 16)
    plain = evaluate(spec(), (x, y), (x_test, y_test)).metrics
    moved = evaluate(spec(), (x * scale + shift, y), (x_test * scale + shift, y_test)).metrics
    assert moved == pytest.approx(plain, abs=0.006)


@pytest.mark.parametrize("seed", range(5))
def test_validation_split_is_a_stratified_fifth(seed):
    labels = np.repeat(np.arange(6), [100, 53, 10, 3, 2, 1])
    labels = labels[np.random.default_rng(seed).permutation(len(labels))]
    fit, held = (part.numpy() for part in validation_split(labels, seed))
    assert np.array_equal(np.sort(np.concatenate([fit, held])), np.arange(len(labels)))
    counts, taken = np.bincount(labels), np.bincount(labels[held], minlength=6)
    assert (np.abs(taken - counts / 5) < 1).all()
    assert (taken < counts).all()
    assert taken[5] == 0  # the only image of a class stays in the fit
    again = validation_split(labels, seed)[1].numpy()
    other = validation_split(labels, seed + 1)[1].numpy()
    assert np.array_equal(held, again)
    assert not np.array_equal(held, other)


def test_validation_split_golden():
    """Frozen: another split under the same protocol would be another measurement."""
    assert validation_split(np.arange(20) % 3, 7)[1].tolist() == [9, 10, 11, 16]


def test_class_missing_in_train_counts_as_wrong():
    (x, y), (x_test, y_test) = mixture(400, 16, 5, spread=2.0), mixture(200, 16, 5, 1, spread=2.0)
    kept = y != 2
    got = evaluate(spec(), (x[kept], y[kept]), (x_test, y_test))
    share = float((y_test == 2).double().mean())
    assert got.metrics["classes_missing_in_train"] == 1
    assert 0.9 * (1 - share) < got.metrics["accuracy_best_on_test"] <= 1 - share
    assert got.metrics["balanced_accuracy"] <= 0.8
    assert any("1 classes of the test items are missing" in note for note in got.notes)


def test_class_with_a_single_image_and_gaps_in_the_numbers():
    (x, y), (x_test, y_test) = mixture(300, 16, 3, spread=2.0), mixture(200, 16, 3, 1, spread=2.0)
    single = (y != 1) | (torch.arange(300) == int((y == 1).nonzero()[0]))
    number = torch.tensor([3, 40, 7])
    got = evaluate(spec(), (x[single], number[y[single]]), (x_test, number[y_test]))
    assert got.metrics["classes_missing_in_train"] == 0
    assert got.metrics["accuracy"] > 0.6


def test_a_choice_at_the_edge_of_the_grid_is_pointed_out(monkeypatch):
    train, test = mixture(300, 16, 4), mixture(100, 16, 4, seed=1)
    for strengths, side in (((1e-6, 1e-7), "strongest"), ((1e5, 1e4), "weakest")):
        monkeypatch.setattr("datayield.evals.linear.STRENGTHS", strengths)
        assert any(side in note for note in evaluate(spec(), train, test).notes)


def test_features_that_are_not_finite_are_refused_with_their_share():
    (x, y), test = mixture(100, 10, 3), mixture(50, 10, 3, seed=1)
    x[3, 0], x[4, :4] = torch.nan, torch.inf
    with pytest.raises(TrainingError) as error:
        evaluate(spec(), (x, y), test)
    assert "0.50% of the features" in str(error.value)
    assert "2 of 100 images" in str(error.value)
    assert "fp32" in error.value.hint


def test_what_cannot_be_learned_from_is_refused():
    x, test = torch.randn(6, 4), mixture(50, 4, 3, seed=1)
    with pytest.raises(DataError, match="two classes"):
        evaluate(spec(), (x, torch.ones(6, dtype=torch.long)), test)
    with pytest.raises(DataError, match="held out"):
        evaluate(spec(), (x, torch.arange(6)), test)
