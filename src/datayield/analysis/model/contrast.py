"""A weighted sum of cells, with the products of its weights that its variance needs."""

from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from datayield.analysis.model.restricted_likelihood import RHO, Floats
from datayield.analysis.results import Seeds

CellWeights = Mapping[Hashable, float]  # key of a cell -> its weight


class LayoutCell(NamedTuple):
    """The scores of one cell by seed.

    `block`: what shares a seed's effect: one method and encoder. `line`: what nested sizes share,
    all else equal; `at` orders the cells on it. `tells`: whether its spread is noise; not where
    its values are bounds.
    """

    key: Hashable
    seeds: Seeds
    block: Hashable
    line: Hashable
    at: float
    tells: bool = True


class PlacedCell(NamedTuple):
    """A cell in its layout: number of its line, rank on it, standard deviation of its noise
    relative to the pool and degrees of freedom of that.
    """

    cell: LayoutCell
    values: dict[int, float]
    line: int
    rank: int
    scale: float
    df: float


class Contrast(NamedTuple):
    """A contrast of cells: `terms` are its cells with their weights, absolute ones by seed.

    `lags`: products of scaled weights by distance along a line, as the variance of the mean over
    `seeds` shared seeds needs. `across`: squared sums of weights by block, likewise. `whole`:
    whether the weights do not sum to 0.
    """

    terms: Sequence[tuple[PlacedCell, float]]
    mean: float
    seeds: int
    lags: dict[int, float]
    across: float
    whole: bool

    @property
    def rest(self) -> Floats:
        """Its variance in units of the rest's [rho]."""
        total = np.zeros(len(RHO))
        for lag, value in self.lags.items():
            total = total + (value * RHO**lag if lag else value)
        return total


def contrast_of(terms: Sequence[tuple[PlacedCell, float]], only: int | None = None) -> Contrast:
    """The contrast over the seeds that all its cells have, or of one seed; if the cells share none,
    of their own means, with 0 `seeds`.
    """
    shared = {only} if only is not None else set.intersection(*(set(c.values) for c, _ in terms))
    if not shared:
        mean = sum(w * sum(c.values.values()) / len(c.values) for c, w in terms)
        return Contrast(terms, mean, 0, {}, 0.0, False)
    many = len(shared)
    mean = sum(w * c.values[seed] for c, w in terms for seed in shared) / many
    lags: dict[int, float] = {}
    sums: dict[Hashable, float] = {}
    for i, (a, w) in enumerate(terms):
        x = w * a.scale
        lags[0] = lags.get(0, 0.0) + x * x / many
        for b, v in terms[:i]:
            if a.line == b.line:
                lag = abs(a.rank - b.rank)
                lags[lag] = lags.get(lag, 0.0) + 2 * x * v * b.scale / many
        sums[a.cell.block] = sums.get(a.cell.block, 0.0) + w
    across = sum(s**2 for s in sums.values())
    whole = abs(sum(sums.values())) > 1e-9
    return Contrast(terms, mean, many, lags, across / many if across > 1e-12 else 0.0, whole)


def mean_over_seeds(each: Sequence[Contrast]) -> Contrast:
    """The mean of contrasts of one seed each, whose weights sum to 0 within each block."""
    many = len(each)
    lags: dict[int, float] = {}
    weights: dict[Hashable, tuple[PlacedCell, float]] = {}
    for one in each:
        for lag, value in one.lags.items():
            lags[lag] = lags.get(lag, 0.0) + value / many**2
        for cell, w in one.terms:
            before = weights.get(cell.cell.key, (cell, 0.0))[1]
            weights[cell.cell.key] = cell, before + abs(w) / many
    mean = sum(one.mean for one in each) / many
    return Contrast(list(weights.values()), mean, many, lags, 0.0, False)


def own_variance(contrast: Contrast) -> float:
    """Variance of the mean over the seeds that all its cells have, from their own spread."""
    seeds = set.intersection(*(set(cell.values) for cell, _ in contrast.terms))
    values = [sum(w * cell.values[seed] for cell, w in contrast.terms) for seed in seeds]
    return float(np.var(values, ddof=1)) / len(values)
