"""Losses that keep embeddings from collapsing by decorrelating their dimensions.

Letters: B images, D dimensions. Both losses take one view per argument, [B, D] each, and are
computed in float32 or better.
"""

from typing import NamedTuple

from torch import Tensor
from torch.nn import functional as F

from datayield.maths.precision import no_autocast, widened


class Decorrelation(NamedTuple):
    """The weighted sum to minimise, and its parts before weighting (scalars, with gradient)."""

    total: Tensor
    terms: dict[str, Tensor]


def barlow_twins(z1: Tensor, z2: Tensor, beta: float) -> Decorrelation:
    """Zbontar et al. 2021 (arXiv 2103.03230), equations 1 and 2, with weight `beta` (lambda there).

    Each view is standardised over the batch by its own mean and biased variance (plus 1e-5), as by
    the authors' BatchNorm without affine; C = z1' z2 / B. Terms: `on_diagonal` = sum (1 - C_ii)^2,
    `off_diagonal` = sum over i != j of C_ij^2. Raises ValueError for a batch of one.
    """
    with no_autocast(z1):
        z1 = F.batch_norm(widened(z1), None, None, training=True)  # [B, D]
        z2 = F.batch_norm(widened(z2), None, None, training=True)
        c = z1.T @ z2 / len(z1)  # [D, D]
        on_diagonal = (1 - c.diagonal()).square().sum()
        off_diagonal = _off_diagonal_squares(c)
        total = on_diagonal + beta * off_diagonal
    return Decorrelation(total, {"on_diagonal": on_diagonal, "off_diagonal": off_diagonal})


def vicreg(
    z1: Tensor, z2: Tensor, invariance: float, variance: float, covariance: float
) -> Decorrelation:
    """Bardes et al. 2022 (arXiv 2105.04906), equations 1 to 6, weighted as in the authors' code.

    Terms: `invariance`, the mean squared difference over B D; `variance`, the mean over the two
    views of the mean hinge max(0, 1 - sqrt(var + 1e-4)); `covariance`, the squared off-diagonal
    covariances over D, summed over the two views. Variances are unbiased: B must exceed 1, or
    the result is not a number.
    """
    with no_autocast(z1):
        z1, z2 = widened(z1), widened(z2)
        distance = F.mse_loss(z1, z2)
        hinge = (_hinge(z1) + _hinge(z2)) / 2
        spread = _covariance_squares(z1) + _covariance_squares(z2)
        total = invariance * distance + variance * hinge + covariance * spread
    terms = {"invariance": distance, "variance": hinge, "covariance": spread}
    return Decorrelation(total, terms)


def _hinge(z: Tensor) -> Tensor:
    """How far the standard deviations fall short of one, mean over dimensions."""
    return F.relu(1 - (z.var(dim=0) + 1e-4).sqrt()).mean()


def _covariance_squares(z: Tensor) -> Tensor:
    """Squared off-diagonal entries of the unbiased covariance of `z` [B, D], summed, over D."""
    centred = z - z.mean(dim=0)
    return _off_diagonal_squares(centred.T @ centred / (len(z) - 1)) / z.shape[1]


def _off_diagonal_squares(c: Tensor) -> Tensor:
    """Sum of c_ij^2 over i != j. By difference: a boolean mask would make the device wait."""
    return c.square().sum() - c.diagonal().square().sum()
