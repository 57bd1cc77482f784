"""The noise along nested sizes: residuals of cells and seeds, and how alike neighbours are.

Within a block the scores are cell + seed + rest. The rest of neighbouring sizes on one line, whose
subsets are nested, correlates by rho (first-order: rho^2 two sizes apart). Cell and seed effects
are removed as fixed (restricted likelihood: Patterson & Thompson 1971), so nothing is assumed
about seeds. Few seeds say little about rho, so it is averaged over its posterior on a grid. The
prior was chosen by simulation (benchmarks/coverage.py) for intervals that cover 95% at a rho of 0
and of .7, with 2 to 5 seeds.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RHO: Floats = np.linspace(0, 0.9, 10)
PRIOR: Floats = np.array([8, 1, 1, 1, 1, 1, 1, 2, 2, 2]) / 20
TIES = 1e-18  # a sum of squares that is 0 but for the rounding of numbers


class Residuals(NamedTuple):
    """What the residuals of a rectangle of cells and seeds say, for each rho of the grid."""

    square: Floats  # sum of squares in units of the variance [rho]
    log_det: Floats  # log determinant of the residual contrasts' covariance, of one seed [rho]
    df: int
    seeds: int
    levels: Floats  # deviation of each seed's level from their mean [rho, seed]
    level_variance: Floats  # of one level, in units of the variance, given the seed [rho]


def residuals(values: Floats, scales: Floats, places: list[tuple[int, int]]) -> Residuals:
    """Of complete `values` [cell, seed], whose noise is a variance times `scales`**2.

    `places`: (line, place on it) of each cell.
    """
    order = sorted(range(len(places)), key=places.__getitem__)
    y = (values - values.mean(1, keepdims=True))[order]
    h = scales[order]
    gaps = [
        places[b][1] - places[a][1] if places[a][0] == places[b][0] else 0
        for a, b in pairwise(order)
    ]
    gap = np.array([0, *gaps])
    tie = np.where(gap > 0, RHO[:, None] ** np.maximum(gap, 1), 0.0)  # to the cell before
    free = np.sqrt(1 - tie**2)
    z = _innovations(y / h[:, None], tie, free)
    one = _innovations((1 / h)[:, None], tie, free)[..., 0]
    weight = (one**2).sum(1)
    levels = np.einsum("rc,rcs->rs", one, z) / weight[:, None]
    square = (z**2).sum((1, 2)) - weight * (levels**2).sum(1)
    log_det = 2 * np.log(free).sum(1) + 2 * np.log(h).sum() + np.log(weight)
    cells, seeds = values.shape
    df = (cells - 1) * (seeds - 1)
    return Residuals(np.maximum(square, 0.0), log_det, df, seeds, levels, 1 / weight)


def _innovations(x: Floats, tie: Floats, free: Floats) -> Floats:
    """`x` [cell, k] without what the cell before tells, with unit variance: [rho, cell, k]."""
    before = np.concatenate([np.zeros_like(x[:1]), x[:-1]])
    made: Floats = (x - tie[..., None] * before) / free[..., None]
    return made


def posterior(log_likelihood: Floats, prior: Floats) -> Floats:
    """CellWeights over the grid, of the same shape; they sum to 1."""
    logs = log_likelihood + np.log(prior)
    weights: Floats = np.exp(logs - logs.max())
    weights /= weights.sum()
    return weights
