"""A linear classifier that predicts which of two datasets an image is from."""

from collections.abc import Sequence

import torch
from torch import Tensor

from datayield.maths.auc import auc
from datayield.maths.frechet import shrunk_moments

FOLDS = 3
TINY, MIN = 1e-9, 1e-30  # avoids division by zero in constant dimensions


def domain_auc(a: Sequence[Tensor], b: Sequence[Tensor]) -> float:
    """Cross-fitted AUC of Fisher's discriminant of groups [n_k, d] of two sets, `b` above `a`.

    Each third of the groups is scored by a classifier fitted on the others, with a shrunk
    within-set covariance (Ledoit and Wolf). The mean over folds: 0.5 if the sets are
    indistinguishable, and less only by chance.
    """
    folds = []
    for fold in range(FOLDS):
        (train_a, test_a), (train_b, test_b) = (_part(groups, fold) for groups in (a, b))
        apart = train_b.mean(dim=0) - train_a.mean(dim=0)
        within = torch.cat([train_a - train_a.mean(dim=0), train_b - train_b.mean(dim=0)])
        covariance = shrunk_moments(within).covariance
        covariance.diagonal().add_(max(TINY * float(covariance.diagonal().mean()), MIN))
        direction = torch.linalg.solve(covariance, apart)
        folds.append(auc(test_a @ direction, test_b @ direction))
    return sum(folds) / FOLDS


def _part(groups: Sequence[Tensor], fold: int) -> tuple[Tensor, Tensor]:
    """(train, test) of a fold."""
    train = torch.cat([group for k, group in enumerate(groups) if k % FOLDS != fold])
    test = torch.cat([group for k, group in enumerate(groups) if k % FOLDS == fold])
    return train.double(), test.double()
