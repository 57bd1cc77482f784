"""knn@1 against a plain loop in float64."""

import math

import pytest
import torch

from datayield.evals import evaluate
from datayield.evals.knn import neighbours, vote
from tests.evals.made import mixture, spec


def naive(train: torch.Tensor, labels: torch.Tensor, test: torch.Tensor, k: int) -> list[int]:
    train, test = train.double(), test.double()
    winners = []
    for row in test:
        similarity = [float(row @ t / (row.norm() * t.norm())) for t in train]
        nearest = sorted(range(len(train)), key=lambda i: -similarity[i])[:k]
        votes: dict[int, float] = {}
        for i in nearest:
            label = int(labels[i])
            votes[label] = votes.get(label, 0.0) + math.exp(similarity[i] / 0.07)
        winners.append(max(sorted(votes), key=votes.__getitem__))
    return winners


@pytest.mark.parametrize("k", [1, 5, 20])
def test_agrees_with_a_plain_loop(k):
    (x, y), (x_test, _) = mixture(150, 12, 6), mixture(60, 12, 6, seed=1)
    assert vote(x, y, x_test, k).tolist() == naive(x, y, x_test, k)


def test_chunks_and_lengths_of_features_do_not_matter(monkeypatch):
    (x, y), (x_test, _) = mixture(150, 12, 6), mixture(60, 12, 6, seed=1)
    whole = vote(x, y, x_test, 20)
    monkeypatch.setattr("datayield.evals.knn.CHUNK", 7 * 150)
    assert torch.equal(vote(x, y, x_test, 20), whole)
    assert torch.equal(vote(8 * x, y, x_test / 4, 20), whole)


def test_k_follows_the_size_of_the_classes_and_says_so():
    assert [neighbours(*p) for p in ((4000, 10), (100, 10), (5, 10), (3, 2))] == [20, 10, 1, 1]
    test = mixture(80, 12, 4, seed=1)
    few = evaluate(spec("knn@1"), mixture(40, 12, 4), test)
    assert few.metrics["k"] == 10
    assert "k = 10, not 20: 40 train items of 4 classes" in few.notes
    many = evaluate(spec("knn@1"), mixture(400, 12, 4), test)
    assert many.metrics["k"] == 20
    assert many.notes == ()
    assert set(many.intervals) == {"accuracy", "balanced_accuracy"}


def test_missing_class_and_zero_features():
    (x, y), (x_test, y_test) = mixture(300, 12, 4, spread=2.0), mixture(200, 12, 4, 1, spread=2.0)
    kept = y != 0
    got = evaluate(spec("knn@1"), (x[kept], y[kept]), (x_test, y_test))
    assert got.metrics["classes_missing_in_train"] == 1
    assert got.metrics["accuracy"] <= 1 - float((y_test == 0).double().mean())
    collapsed = evaluate(spec("knn@1"), (0 * x, y), (0 * x_test, y_test))
    assert 0 <= collapsed.metrics["accuracy"] < 0.5
