"""Intervals against a plain bootstrap, and the protocols' common door."""

import numpy as np
import pytest
import torch

from datayield.evals import OF_FEATURES, evaluate
from datayield.evals.result import balanced_interval, missing_classes, scores
from datayield.spec.errors import ConfigError, DataError
from datayield.spec.evaluation import PROTOCOLS
from tests.evals.made import mixture, spec


def test_balanced_interval_is_the_bootstrap_over_items():
    rng = np.random.default_rng(0)
    target = rng.choice(4, 300, p=[0.5, 0.3, 0.15, 0.05])
    pred = np.where(rng.random(300) < 0.7, target, rng.integers(0, 4, 300))
    means = []
    for _ in range(4000):
        drawn = rng.integers(0, 300, 300)
        p, t = pred[drawn], target[drawn]
        means.append(np.mean([(p[t == c] == c).mean() for c in np.unique(t)]))
    expected = np.quantile(means, [0.025, 0.975])
    got = balanced_interval(torch.from_numpy(pred), torch.from_numpy(target), 0)
    assert got == pytest.approx(expected, abs=0.012)
    assert got == balanced_interval(torch.from_numpy(pred), torch.from_numpy(target), 0)
    assert got != balanced_interval(torch.from_numpy(pred), torch.from_numpy(target), 1)


def test_scores_by_hand():
    metrics, intervals = scores(torch.tensor([0, 0, 1, 5]), torch.tensor([0, 0, 0, 1]), 0)
    assert metrics["accuracy"] == 0.5
    assert metrics["balanced_accuracy"] == pytest.approx((2 / 3 + 0) / 2)
    assert intervals["accuracy"] == pytest.approx((0.1500, 0.8500), abs=1e-4)  # Wilson, 2 of 4


def test_missing_classes_by_hand():
    count, notes = missing_classes(torch.tensor([0, 2]), torch.tensor([0, 1, 1, 3, 2]))
    assert count == 2
    assert "3 of 5 test items" in notes[0]
    assert missing_classes(torch.tensor([0, 1]), torch.tensor([1])) == (0, ())


def test_who_needs_train():
    assert {p: PROTOCOLS[p].needs_labels for p in OF_FEATURES} == {
        "linear@1": True,
        "linear_sgd@1": True,
        "linear_sgd@2": True,
        "knn@1": True,
        "vtab@1": True,
        "spectrum@1": False,
    }


@pytest.mark.parametrize("protocol", ["linear@1", "knn@1"])
def test_train_must_be_there_and_not_be_test(protocol):
    items = mixture(50, 8, 3)
    with pytest.raises(ConfigError, match="needs training items"):
        evaluate(spec(protocol), None, items)
    same = spec(protocol).model_copy(update={"train": "test"})
    with pytest.raises(ConfigError, match="differ from its test items"):
        evaluate(same, items, items)


@pytest.mark.parametrize(
    "labels", [torch.tensor([-1, 0, 1]), torch.rand(3), torch.tensor([0, 1]), torch.zeros(0).long()]
)
def test_labels_that_do_not_fit_are_refused(labels):
    with pytest.raises(DataError):
        evaluate(spec("knn@1"), (torch.randn(3, 4), labels), mixture(10, 4, 2))


def test_nothing_to_evaluate_is_refused():
    with pytest.raises(DataError, match="do not match"):
        evaluate(spec("spectrum@1"), None, (torch.zeros(0, 4), torch.zeros(0).long()))
