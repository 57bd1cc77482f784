"""AUC with ties."""

import pytest
import torch
from sklearn.metrics import roc_auc_score

from datayield.maths.auc import auc


def test_it_is_scikit_learns_with_ties() -> None:
    draw = torch.Generator().manual_seed(0)
    low, high = (torch.randint(0, 9, (n,), generator=draw) for n in (40, 30))
    labels = [0] * 40 + [1] * 30
    expected = roc_auc_score(labels, torch.cat([low, high]).numpy())
    assert auc(low, high) == pytest.approx(expected, rel=1e-12)


def test_scores_of_both_are_needed() -> None:
    with pytest.raises(ValueError, match="0 and 3"):
        auc(torch.zeros(0), torch.zeros(3))
