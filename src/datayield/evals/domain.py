"""A linear classifier of which of two data sets an image is from."""

from collections.abc import Sequence
from statistics import NormalDist

import torch
from torch import Tensor

from datayield.evals.measured import LEVEL
from datayield.maths.auc import Auc, auc
from datayield.maths.frechet import shrunk_moments

FOLDS = 3
TINY, MIN = 1e-9, 1e-30  # so that dimensions that never vary can be divided by


def domain_auc(a: Sequence[Tensor], b: Sequence[Tensor]) -> Auc:
    """Cross-fitted AUC of Fisher's discriminant of groups [n_k, d] of two sets, `b` above `a`.

    Each third of the groups is scored by a classifier of the others, with a covariance within sets
    that is shrunk (Ledoit and Wolf). The folds' AUCs are averaged; their variance is as if they
    were independent. Half where the sets cannot be told apart, and less by chance.
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
    value = sum(fold.value for fold in folds) / FOLDS
    return Auc(value, sum(fold.variance for fold in folds) / FOLDS**2)


def domain_interval(found: Auc) -> tuple[float, float]:
    """Normal interval of an AUC, within [0, 1]."""
    reach = NormalDist().inv_cdf((1 + LEVEL) / 2) * found.variance**0.5
    return max(0.0, found.value - reach), min(1.0, found.value + reach)


def _part(groups: Sequence[Tensor], fold: int) -> tuple[Tensor, Tensor]:
    """(train, test) of a fold."""
    train = torch.cat([group for k, group in enumerate(groups) if k % FOLDS != fold])
    return train, torch.cat([group for k, group in enumerate(groups) if k % FOLDS == fold])
