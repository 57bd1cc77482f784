"""Folds as one result: scores over all items, each tested by a probe that did not see it."""

import pytest
import torch

from datayield.evals import evaluate_folds
from datayield.spec.evaluation.eval_spec import EvalSpec
from tests.evals.made import mixture

X, Y = mixture(150, 8, 3)
FOLD = torch.arange(150) % 5
PARTS = [((k != FOLD).nonzero()[:, 0], (k == FOLD).nonzero()[:, 0]) for k in range(5)]


def _spec(protocol: str) -> EvalSpec:
    return EvalSpec(name="task", protocol=protocol, dataset="made", test="train", folds=5)


@pytest.mark.parametrize("protocol", ["linear@1", "knn@1", "vtab@1"])
def test_scores_are_over_all_items(protocol: str) -> None:
    measured = evaluate_folds(_spec(protocol), (X, Y), PARTS)
    assert measured.right is not None
    (right,) = measured.right
    assert measured.metrics["accuracy"] == float(right.double().mean())
    recalls = torch.stack([right[c == Y].double().mean() for c in range(3)])
    assert measured.metrics["balanced_accuracy"] == pytest.approx(float(recalls.mean()))
    low, high = measured.intervals["accuracy"]
    assert low < measured.metrics["accuracy"] < high
    assert (measured.n_train, measured.n_test) == (120, 150)
    assert measured.metrics["accuracy"] > 0.5


def test_labels_that_mean_nothing_give_chance() -> None:
    """A probe that saw an item's own label would do better."""
    labels = torch.randint(2, (150,), generator=torch.Generator().manual_seed(0))
    noise = torch.randn(150, 200, generator=torch.Generator().manual_seed(1))  # separable
    measured = evaluate_folds(_spec("linear@1"), (noise, labels), PARTS)
    assert measured.metrics["accuracy"] == pytest.approx(0.5, abs=0.13)
