"""How well a score separates two samples."""

import torch
from torch import Tensor


def auc(low: Tensor, high: Tensor) -> float:
    """Area under the ROC curve: chance that a score of `high` [m] exceeds one of `low` [n].

    Ties count half. Raises ValueError for no scores of either.
    """
    if not min(len(low), len(high)):
        raise ValueError(f"need scores of both samples, got {len(low)} and {len(high)}")
    ordered, scores = low.double().sort().values, high.double()
    less = torch.searchsorted(ordered, scores)
    upto = torch.searchsorted(ordered, scores, right=True)
    return float((less + upto).double().mean()) / (2 * len(low))
