"""How many dimensions a set of features fills, and whether it has collapsed."""

import torch
from torch import Tensor


def effective_rank(x: Tensor) -> float:
    """Exponential of the entropy of the normalised singular values of centred `x` [n, d].

    Roy and Vetterli 2007 (EUSIPCO), on features with their mean removed; from 1 (a line) to
    min(n - 1, d); 0 where all rows are equal. In float64. Blind to scale: features that differ
    by noise only rank high, so read it with `feature_std`. Raises ValueError where `x` is not
    finite.
    """
    if not bool(x.isfinite().all()):
        raise ValueError("features that are not finite have no effective rank")
    x = x.detach().double()
    rounding = max(x.shape) * torch.finfo(x.dtype).eps * torch.linalg.matrix_norm(x)
    singular = torch.linalg.svdvals(x - x.mean(dim=0))
    singular = singular[singular > rounding]
    if not len(singular):
        return 0.0
    shares = singular / singular.sum()
    return float(torch.special.entr(shares).sum().exp())


def feature_std(x: Tensor) -> float:
    """Mean over dimensions of the standard deviation of L2-normalised `x` [n, d], times sqrt(d).

    About 1 for features spread evenly over the sphere, 0 when collapsed to a point (Chen and He
    2021, arXiv 2011.10566, figure 2, which plots it against 1 / sqrt(d)). Biased; in float64.
    """
    unit = torch.nn.functional.normalize(x.detach().double(), dim=1)
    return float(unit.std(dim=0, correction=0).mean() * x.shape[1] ** 0.5)
