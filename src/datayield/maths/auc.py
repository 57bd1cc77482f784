"""How well a score tells two samples apart, with its interval's variance."""

from typing import NamedTuple

import torch
from torch import Tensor


class Auc(NamedTuple):
    """Area under the ROC curve and the variance of its estimate."""

    value: float
    variance: float


def auc(low: Tensor, high: Tensor) -> Auc:
    """Chance that a score of `high` [m] exceeds one of `low` [n], ties counting half.

    Variance by DeLong et al. 1988 (Biometrics 44:837). Raises ValueError for fewer than two scores
    of either.
    """
    if min(len(low), len(high)) < 2:
        raise ValueError(f"need two scores of each sample, got {len(low)} and {len(high)}")
    above = _share_below(low, high)  # of each score of `high`
    below = 1 - _share_below(high, low)  # of each score of `low`
    variance = above.var() / len(high) + below.var() / len(low)
    return Auc(float(above.mean()), float(variance))


def _share_below(reference: Tensor, scores: Tensor) -> Tensor:
    """For each score the share of `reference` below it, equal ones counting half."""
    ordered, scores = reference.double().sort().values, scores.double()
    less = torch.searchsorted(ordered, scores)
    upto = torch.searchsorted(ordered, scores, right=True)
    return (less + upto) / (2 * len(ordered))
