"""How many dimensions a set of features fills, how fast their spectrum decays, and collapse.

Everything in float64. Definitions differ in what they centre, so each one says.
"""

from typing import NamedTuple

import torch
from torch import Tensor

RANKME_EPS = 1e-7
DECAY_FROM, DECAY_TO = 4, 100  # eigenvalues that alpha-ReQ is fitted to, counted from 1
FEWEST = 5  # eigenvalues, at least, to fit a slope to


class Decay(NamedTuple):
    """Eigenvalue k decays as k^-alpha over k = first to last; `r2` is the quality of the fit."""

    alpha: float
    r2: float
    first: int
    last: int


def effective_rank(x: Tensor) -> float:
    """Exponential of the entropy of the normalised singular values of centred `x` [n, d].

    Roy and Vetterli 2007 (EUSIPCO), on features with their mean removed; from 1 (a line) to
    min(n - 1, d); 0 if all rows are equal. In float64. Scale-invariant: features that differ only
    by noise have a high rank, so read it with `feature_std`. Raises ValueError if `x` is not
    finite.
    """
    return entropy_rank(centred_spectrum(x))


def centred_spectrum(x: Tensor) -> Tensor:
    """Singular values of centred `x` [n, d], largest first, above rounding error.

    Raises ValueError if `x` is not finite.
    """
    x = _finite(x, "effective rank")
    rounding = max(x.shape) * torch.finfo(x.dtype).eps * torch.linalg.matrix_norm(x)
    singular: Tensor = torch.linalg.svdvals(x - x.mean(dim=0))
    return singular[singular > rounding]


def entropy_rank(singular: Tensor) -> float:
    """exp of the entropy of positive values [r] divided by their sum; 0 where there are none."""
    if not len(singular):
        return 0.0
    shares = singular / singular.sum()
    return float(torch.special.entr(shares).sum().exp())


def rankme(x: Tensor, eps: float = RANKME_EPS) -> float:
    """RankMe of `x` [n, d]: exp(-sum p ln p), p = sigma / sum(sigma) + eps, `x` not centred.

    Garrido et al. 2023, arXiv 2210.02885, equation 1 with their eps for float32. At most
    min(n, d), up to eps; a mean far from 0 counts as one large direction. 0 if `x` is 0. In
    float64. Meant for comparing runs of one method. Raises ValueError if `x` is not finite.
    """
    singular = torch.linalg.svdvals(_finite(x, "RankMe"))
    if not bool(singular.sum() > 0):
        return 0.0
    return float(torch.special.entr(singular / singular.sum() + eps).sum().exp())


def decay(singular: Tensor) -> Decay | None:
    """alpha-ReQ: minus the slope of ln(eigenvalue k) on ln k, weighted by 1 / k.

    `singular` [r]: `centred_spectrum` of features, whose squares are eigenvalues of the covariance
    up to a factor. Agrawal et al. 2022 (alpha-ReQ, NeurIPS) fit k = 4 to 100; here the range ends
    at r / 2 if that is less, since the tail of a finite spectrum drops off. None if that leaves
    fewer than 5 eigenvalues. `r2` is weighted like the fit. An alpha near 1 is considered good.
    """
    last = min(DECAY_TO, len(singular) // 2)
    if last - DECAY_FROM + 1 < FEWEST:
        return None
    k = torch.arange(DECAY_FROM, last + 1, dtype=torch.float64)
    weight = 1 / k / (1 / k).sum()
    x, y = k.log(), 2 * singular[DECAY_FROM - 1 : last].double().cpu().log()
    x, y = x - weight @ x, y - weight @ y
    slope = (weight * x) @ y / ((weight * x) @ x)
    total = (weight * y) @ y
    missed = weight @ (y - slope * x).square()
    r2 = 1 - float(missed / total) if bool(total > 0) else 1.0
    return Decay(-float(slope), r2, DECAY_FROM, last)


def feature_std(x: Tensor) -> float:
    """Mean over dimensions of the standard deviation of L2-normalised `x` [n, d], times sqrt(d).

    About 1 for features spread evenly over the sphere, 0 when collapsed to a point (Chen and He
    2021, arXiv 2011.10566, figure 2, which plots it against 1 / sqrt(d)). Biased; in float64.
    """
    unit = torch.nn.functional.normalize(x.detach().double(), dim=1)
    return float(unit.std(dim=0, correction=0).mean() * x.shape[1] ** 0.5)


def _finite(x: Tensor, what: str) -> Tensor:
    if not bool(x.isfinite().all()):
        raise ValueError(f"features that are not finite have no {what}")
    return x.detach().double()
