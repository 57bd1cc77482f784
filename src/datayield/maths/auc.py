"""How well a score separates two samples."""

import torch
from torch import Tensor


def auc(low: Tensor, high: Tensor) -> float:
    """Area under the ROC curve: probability that a score in `high` [m] exceeds one in `low` [n].

    Ties count half. Raises ValueError if either is empty.
    """
    if not min(len(low), len(high)):
        raise ValueError(f"need scores of both samples, got {len(low)} and {len(high)}")
    ordered, scores = low.double().sort().values, high.double()
    less = torch.searchsorted(ordered, scores)
    upto = torch.searchsorted(ordered, scores, right=True)
    return float((less + upto).double().mean()) / (2 * len(low))
