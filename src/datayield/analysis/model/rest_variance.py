"""The variance of a contrast within blocks, whatever the correlation along nested sizes.

The sum of squared residuals is known for each rho of a grid (restricted_likelihood.py). Weighing
the variances by the posterior of rho pulls every contrast towards the prior: with few seeds an
end-to-end contrast then gets too wide an interval where sizes are independent, and too narrow a one
where they are alike. So the variance is another weighted sum of these squares, whose expectation is
the contrast's variance at every rho as nearly as its own scatter allows (quadratic unbiased
estimation: Rao 1971, "Minimum variance quadratic unbiased estimation of variance components"). Its
degrees of freedom are Satterthwaite's (1946): few where only the ends themselves tell.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from datayield.analysis.model.restricted_likelihood import (
    PRIOR,
    RHO,
    TIES,
    Floats,
    Residuals,
    posterior,
)

# A relative bias squared counts this many times as much as a relative variance: what is left of the
# bias costs coverage, and what is left of the variance costs width.
_BIAS = 20.0
_LEAST = 0.1  # of the posterior's variance, since a weighted sum of squares may fall below 0
Lines = tuple[tuple[tuple[int, ...], tuple[float, ...]], ...]  # ranks and scales of each line


class Moments(NamedTuple):
    """Of the sums of squares, in units of the variance and its square, where the truth is t."""

    mean: Floats  # [rho, t]
    covariance: Floats  # [t, rho, rho]


class Estimator(NamedTuple):
    """Weights of the sums of squares [rho], and the estimate's relative variance [t]."""

    weights: Floats
    spread: Floats


class RestVariance:
    """Of one evaluation's residuals; `each` of a complete rectangle with the lines of its cells.

    `square`, `log`, `df`: all together, as the posterior of rho needs them.
    """

    def __init__(
        self, each: Sequence[tuple[Lines, Residuals]], square: Floats, log: Floats, df: int
    ) -> None:
        logs = log - df / 2 * np.log(np.maximum(square, TIES))
        self._posterior = posterior(logs, PRIOR)
        self._square, self._df = square, df
        telling = [(lines, one.seeds) for lines, one in each if one.df]
        self._moments = _summed([moments(*one) for one in telling]) if telling else None
        self._made: dict[bytes, Estimator] = {}

    def of(self, rest: Floats) -> tuple[float, float]:
        """(variance, degrees of freedom) of a contrast with variance `rest` [rho] of the rest's."""
        likely = float((self._posterior * self._square * rest).sum()) / self._df
        if self._moments is None or not likely:  # of the scatter of sizes, or without any noise
            return likely, float(self._df)
        shape = rest / rest.max()
        key = shape.tobytes()
        if key not in self._made:
            self._made[key] = estimator(self._moments, shape)
        made = self._made[key]
        variance = float(made.weights @ self._square) * float(rest.max())
        df = 2 / float(self._posterior @ made.spread)
        return max(variance, _LEAST * likely), min(df, float(self._df))


def estimator(of: Moments, rest: Floats) -> Estimator:
    """The weighted sum of squares whose expectation is `rest` on average over the prior of rho, and
    that has the least relative variance and squared bias, the latter `_BIAS` times.
    """
    relative = of.mean / rest
    size = relative @ PRIOR
    relative = relative / size[:, None]
    loss = _BIAS * ((relative * PRIOR) @ relative.T - 1)
    noise = np.einsum("t,tgh->gh", PRIOR / rest**2, of.covariance)
    loss = loss + noise / np.multiply.outer(size, size)
    loss += 1e-9 * np.trace(loss) * np.eye(len(RHO))  # squares at different rho may be the same
    weights = np.linalg.solve(loss, np.ones(len(RHO)))
    weights /= weights.sum() * size
    variance = np.einsum("g,tgh,h->t", weights, of.covariance, weights)
    return Estimator(weights, variance / (weights @ of.mean) ** 2)


def lines_of(places: Sequence[tuple[int, int]], scales: Floats) -> Lines:
    """The cells of each line: their ranks, and the standard deviations of their noise."""
    lines: dict[int, list[tuple[int, float]]] = {}
    for (line, rank), scale in sorted(zip(places, scales.tolist(), strict=True)):
        lines.setdefault(line, []).append((rank, scale))
    return tuple(
        (tuple(rank for rank, _ in cells), tuple(scale for _, scale in cells))
        for cells in lines.values()
    )


@lru_cache(maxsize=64)  # evaluations of one study have the same layout
def moments(lines: Lines, seeds: int) -> Moments:
    """Of the residuals of complete cells and seeds.

    With P the projection that removes cells and seeds at one rho, and V the covariance at the true
    one: the trace of PV, and twice that of PVPV. Lines are independent but for the seed.
    """
    many = len(RHO)
    trace, own = np.zeros((many, many)), np.zeros((many, many, many))
    level, cross, weight = np.zeros_like(own), np.zeros_like(own), np.zeros(many)
    for ranks, scales in lines:
        one = 1 / np.array(scales)
        gap = np.abs(np.subtract.outer(ranks, ranks))
        v = np.where(gap, RHO[:, None, None] ** np.maximum(gap, 1), 1.0)
        inverse = np.linalg.inv(v)
        u = inverse @ one  # [rho, cell]
        both = np.einsum("gij,tjk->tgik", inverse, v)
        trace += np.einsum("tgii->gt", both)
        flat = both.reshape(many, many, -1)
        own += flat @ both.swapaxes(2, 3).reshape(many, many, -1).swapaxes(1, 2)
        vu = np.einsum("tij,gj->tgi", v, u)
        level += vu @ u.T
        cross += np.einsum("tgi,hij,tgj->tgh", vu, inverse, vu, optimize=True)
        weight += u @ one
    mean = trace - np.einsum("tgg->gt", level) / weight[:, None]
    shared = cross / weight[:, None]
    square = own - shared - shared.swapaxes(1, 2) + level**2 / np.multiply.outer(weight, weight)
    return Moments((seeds - 1) * mean, 2 * (seeds - 1) * square)


def _summed(each: Sequence[Moments]) -> Moments:
    mean, covariance = each[0]
    for one in each[1:]:
        mean, covariance = mean + one.mean, covariance + one.covariance
    return Moments(mean, covariance)
