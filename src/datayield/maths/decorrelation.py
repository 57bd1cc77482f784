"""Losses that keep embeddings from collapsing by decorrelating their dimensions.

Letters: V views, B images, D dimensions. Both losses take a sequence of V views, [B, D] each, and
are computed in float32 or better. With two views they are the published losses; `pairing` says how
more views are combined. Each term is a mean over pairs or views, never a sum, so the scale of the
loss, and the learning rate that suits it, do not depend on V.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from datayield.maths.precision import no_autocast, widened

Pairing = Literal["all_pairs", "mean_view"]


class Decorrelation(NamedTuple):
    """The weighted sum to minimise, and its parts before weighting (scalars, with gradient)."""

    total: Tensor
    terms: dict[str, Tensor]


def barlow_twins(
    views: Sequence[Tensor], beta: float, pairing: Pairing = "all_pairs"
) -> Decorrelation:
    """Zbontar et al. 2021 (arXiv 2103.03230), equations 1 and 2, with weight `beta` (lambda there).

    Each view is standardised over the batch by its own mean and biased variance (plus 1e-5), as by
    the authors' BatchNorm without affine; C_vw = z_v' z_w / B. Terms: `on_diagonal` = sum of
    (1 - C_ii)^2, `off_diagonal` = sum over i != j of C_ij^2. For two views that is the whole loss.

    `all_pairs`: the mean of both over the V (V - 1) / 2 pairs of views. `mean_view`, for three
    views or more, after Ghosh et al. 2024 (arXiv 2312.10725) and their lab's code: with m the mean
    of the V standardised views, itself not standardised again, `on_diagonal` is the mean over v of
    sum (1 - (z_v' m / B)_ii)^2 and `off_diagonal` that of m' m / B. Unlike theirs, samples are not
    L2-normalised first, and each view is standardised by itself with biased variance, theirs are
    stacked, with unbiased: their beta is on another scale. With two views `mean_view` is the single
    pair, as in theirs; its own formula would quarter `on_diagonal`.
    Raises ValueError for fewer than two views or a batch of one.
    """
    _two_or_more(views)
    with no_autocast(views[0]):
        z = [F.batch_norm(widened(view), None, None, training=True) for view in views]  # V x [B, D]
        if pairing == "all_pairs" or len(z) == 2:
            crossed = [a.T @ b / len(a) for a, b in combinations(z, 2)]  # [D, D] each
            on_diagonal = _mean([(1 - c.diagonal()).square().sum() for c in crossed])
            off_diagonal = _mean([_off_diagonal_squares(c) for c in crossed])
        else:
            m = torch.stack(z).mean(dim=0)  # [B, D]
            on_diagonal = _mean([(1 - (view * m).mean(dim=0)).square().sum() for view in z])
            off_diagonal = _off_diagonal_squares(m.T @ m / len(m))
        total = on_diagonal + beta * off_diagonal
    return Decorrelation(total, {"on_diagonal": on_diagonal, "off_diagonal": off_diagonal})


def vicreg(
    views: Sequence[Tensor],
    invariance: float,
    variance: float,
    covariance: float,
    pairing: Pairing = "all_pairs",
) -> Decorrelation:
    """Bardes et al. 2022 (arXiv 2105.04906), equations 1 to 6, weighted as in the authors' code.

    Terms, for two views: `invariance`, the mean squared difference over B D; `variance`, the mean
    over the two of the mean hinge max(0, 1 - sqrt(var + 1e-4)); `covariance`, the squared
    off-diagonal covariances over D, summed over the two. Variances are unbiased: B must exceed
    1, or the result is not a number.

    `all_pairs`: the mean of that loss over the V (V - 1) / 2 pairs of views. `mean_view`, after
    Ghosh et al. 2024 (arXiv 2312.10725) and their lab's code: its mean over the V pairs of one view
    and the mean of the others. Theirs ties the weights of variance and invariance and gives
    covariance none; the formula is the same. With two views both pairings are the single pair.
    Raises ValueError for fewer than two views.
    """
    _two_or_more(views)
    with no_autocast(views[0]):
        z = [widened(view) for view in views]  # V x [B, D]
        if pairing == "all_pairs" or len(z) == 2:
            pairs, sides = list(combinations(z, 2)), z
        else:
            everything = torch.stack(z).sum(dim=0)
            others = [(everything - view) / (len(z) - 1) for view in z]
            pairs, sides = list(zip(z, others, strict=True)), z + others
        # Each side stands in equally many pairs: its own terms are computed once.
        distance = _mean([F.mse_loss(a, b) for a, b in pairs])
        hinge = _mean([_hinge(side) for side in sides])
        spread = 2 * _mean([_covariance_squares(side) for side in sides])
        total = invariance * distance + variance * hinge + covariance * spread
    terms = {"invariance": distance, "variance": hinge, "covariance": spread}
    return Decorrelation(total, terms)


def _two_or_more(views: Sequence[Tensor]) -> None:
    if len(views) < 2:
        raise ValueError(f"this loss compares two views or more, got {len(views)}")


def _mean(scalars: list[Tensor]) -> Tensor:
    """Mean of scalars. For one or two of them bit-identical to `a` or `(a + b) / 2`."""
    return torch.stack(scalars).sum() / len(scalars)


def _hinge(z: Tensor) -> Tensor:
    """Mean over dimensions of max(0, 1 - standard deviation)."""
    return F.relu(1 - (z.var(dim=0) + 1e-4).sqrt()).mean()


def _covariance_squares(z: Tensor) -> Tensor:
    """Squared off-diagonal entries of the unbiased covariance of `z` [B, D], summed, over D."""
    centred = z - z.mean(dim=0)
    return _off_diagonal_squares(centred.T @ centred / (len(z) - 1)) / z.shape[1]


def _off_diagonal_squares(c: Tensor) -> Tensor:
    """Sum of c_ij^2 over i != j. By difference: a boolean mask would synchronise the device."""
    return c.square().sum() - c.diagonal().square().sum()
