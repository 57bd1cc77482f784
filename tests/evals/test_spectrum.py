"""spectrum@1: known ranks, and which items it says it used."""

import pytest
import torch

from datayield.evals import evaluate
from tests.evals.made import spec


def measured(x: torch.Tensor, seed: int = 0):
    return evaluate(spec("spectrum@1", seed), None, (x, torch.zeros(len(x), dtype=torch.long)))


def test_rank_of_a_known_spectrum():
    q = torch.linalg.qr(torch.randn(400, 9, generator=torch.Generator().manual_seed(0)).double())[0]
    q = torch.linalg.qr(q - q.mean(0))[0]
    got = measured((q[:, :3] @ torch.eye(3, 8, dtype=torch.float64)).float() + 5)
    assert got.metrics["effective_rank"] == pytest.approx(3, rel=1e-4)
    assert (got.metrics["n"], got.metrics["d"]) == (400, 8)
    assert got.intervals == {}
    assert (got.n_train, got.n_test) == (0, 400)
    assert got.notes == ("400 of 400 test items, features centred",)


def test_collapse_shows():
    x = torch.ones(100, 8) + 1e-4 * torch.randn(100, 8, generator=torch.Generator().manual_seed(0))
    assert measured(x).metrics["feature_std"] < 1e-3


def test_subset_is_random_seeded_and_stated(monkeypatch):
    monkeypatch.setattr("datayield.evals.spectrum.ITEMS", 100)
    x = torch.zeros(300, 4)  # sorted: the first 100 items alone would have rank 0
    x[150:] = torch.randn(150, 4, generator=torch.Generator().manual_seed(0))
    one, again, other = measured(x), measured(x), measured(x, seed=1)
    assert one.notes[0] == "100 of 300 test items, features centred"
    assert one.metrics["effective_rank"] > 3
    assert one == again
    assert one.metrics["effective_rank"] != other.metrics["effective_rank"]


def test_too_few_items_is_said():
    assert "bounded by the sample" in measured(torch.randn(20, 8)).notes[1]
