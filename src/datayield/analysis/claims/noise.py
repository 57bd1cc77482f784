"""The error of a contrast of cells: seeds, pooled over the study's cells, and test items.

Scores are modelled as cell + seed + residual (a two-way layout without replication: Scheffe 1959,
"The Analysis of Variance", chapter 4). Two or three seeds give a poor estimate of one cell's
residual variance, so it is shrunk towards that of all cells (paired.moderate, after Smyth 2004),
and so are its degrees of freedom. The seed effect cancels where weights sum to 0; against a
baseline, which shares only the number of a run's seed, it is an error too. Degrees of freedom of
sums are Satterthwaite's (1946).

All seeds of a cell are measured on the same test items, whose sampling error no further seed would
reduce. Models agree on which items are hard. Where the records keep which items were right, the
contrast is taken item by item (analysis/results/item_variance.py). Where one of them does not, or
a score is derived from several, scores of two models on one test set are assumed to correlate with
ITEM_CORRELATION over items, and with 0 across test sets.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

from datayield.analysis.claims.cells import Cells, CellValues, ClaimCell, UnansweredError
from datayield.analysis.model import Noise, moderate
from datayield.analysis.results import CONFIDENCE, CellRows, StudyItems

ITEM_CORRELATION = 0.5
Base = tuple[str, str, str]  # kind, encoder, evaluation
Weights = Mapping[CellValues | Base, float]
Term = tuple[float, ClaimCell, Sequence[int]]  # weight, cell, and its seeds: none for all


class EffectEstimate(NamedTuple):
    """A contrast: its mean over seeds, standard error and degrees of freedom."""

    mean: float
    error: float
    df: float
    seeds: int
    n_test: int
    cells: int  # that the between-seed variance is pooled over
    item_by_item: bool = False  # the error over test items is measured; else it is assumed

    def above(self, null: float = 0.0) -> float:
        """One-sided p against "at most `null`"."""
        return float(stdtr(self.df, -self._t(null)))

    def below(self, null: float = 0.0) -> float:
        """One-sided p against "at least `null`"."""
        return float(stdtr(self.df, self._t(null)))

    def interval(self) -> tuple[float, float]:
        """Two-sided t interval."""
        half = float(stdtrit(self.df, 0.5 + CONFIDENCE / 2)) * self.error
        return self.mean - half, self.mean + half

    def _t(self, null: float) -> float:
        gap = self.mean - null
        if self.error > 0:
            return gap / self.error
        return math.copysign(math.inf, gap) if gap else 0.0


class ClaimPart(NamedTuple):
    """The outcome of one part of a claim. `words` describe its effect.

    `contrary`: the effect that contradicts the claim the most, if another, and its description.
    """

    effect: EffectEstimate
    p_for: float
    p_against: float
    words: str
    interval: tuple[float, float] | None = None  # None: the effect's t interval
    contrary: tuple[EffectEstimate, str] | None = None


class NoiseLayout(NamedTuple):
    """The noise between seeds, estimated from all cells of a measurement."""

    rest: Mapping[CellValues, float]  # residual variance of one seed's score, given cell and seed
    mean_rest: float
    seed_square: float  # mean square between seeds
    cells: int
    seeds: int
    noise: Noise

    @property
    def df(self) -> float:
        """Degrees of freedom of the pooled residual."""
        return float((self.cells - 1) * (self.seeds - 1))


def layout(cells: Cells) -> NoiseLayout | None:
    """The two-way layout of the cells with the most common set of seeds; None for one seed."""
    seen: dict[tuple[int, ...], list[CellValues]] = {}
    for point, cell in cells.runs.items():
        seen.setdefault(tuple(sorted(cell.values)), []).append(point)
    whole = {s: alike for s, alike in seen.items() if len(s) > 1 and len(alike) > 1}
    if not whole:
        return None
    seeds, points = max(whole.items(), key=lambda kv: (len(kv[1]) - 1) * (len(kv[0]) - 1))
    y = np.array([[cells.runs[p].values[s] for s in seeds] for p in points])
    rest = y - y.mean(1, keepdims=True) - y.mean(0) + y.mean()
    c, s = y.shape
    each_df = (s - 1) * (c - 1) / c
    variances = (rest**2).sum(1) / each_df
    noise = moderate(variances.tolist(), [each_df] * c)
    seed_square = c * float(y.mean(0).var(ddof=1))
    shrunk = {p: noise.of(float(v), each_df)[0] for p, v in zip(points, variances, strict=True)}
    return NoiseLayout(shrunk, float(variances.mean()), seed_square, c, s, noise)


def estimate(weights: Weights, cells: Cells, two_way: NoiseLayout | None) -> EffectEstimate:
    """A contrast paired by seed, with the noise of `two_way`.

    Raises UnansweredError if its noise cannot be estimated.
    """
    runs = {k: cells.runs[k] for k in weights if isinstance(k, frozenset)}
    bases = {k: cells.bases[k] for k in weights if not isinstance(k, frozenset)}
    fixed = {k for k, cell in bases.items() if k[0] != "untrained"}  # one value, whatever the seed
    paired = [*runs.values(), *(cell for k, cell in bases.items() if k not in fixed)]
    seeds = sorted(set.intersection(*(set(cell.values) for cell in paired)))
    if not seeds:
        raise UnansweredError("its cells have no seed in common")
    values = [
        sum(w * _value(k, runs, bases, fixed, seed) for k, w in weights.items()) for seed in seeds
    ]
    parts = _between_seeds(weights, runs, bases, fixed, two_way, values)
    parts = [(variance / len(seeds), df) for variance, df in parts]
    terms: list[Term] = [(weights[k], cell, seeds) for k, cell in runs.items()]
    terms += [(weights[k], cell, () if k in fixed else seeds) for k, cell in bases.items()]
    measured = _item_by_item(terms, cells.of_items)
    parts.append((_assumed(terms) if measured is None else measured, math.inf))
    total = sum(variance for variance, _ in parts)
    spread = sum(variance**2 / df for variance, df in parts if variance > 0)
    df = total**2 / spread if spread else math.inf
    n_test = min(cell.n_test for cell in runs.values())
    pooled = two_way.cells if two_way else 1
    return EffectEstimate(
        sum(values) / len(seeds),
        math.sqrt(total),
        df,
        len(seeds),
        n_test,
        pooled,
        measured is not None,
    )


def _value(
    key: CellValues | Base,
    runs: Mapping[CellValues, ClaimCell],
    bases: Mapping[Base, ClaimCell],
    fixed: set[Base],
    seed: int,
) -> float:
    if isinstance(key, frozenset):
        return runs[key].values[seed]
    return bases[key].mean if key in fixed else bases[key].values[seed]


def _between_seeds(
    weights: Weights,
    runs: Mapping[CellValues, ClaimCell],
    bases: Mapping[Base, ClaimCell],
    fixed: set[Base],
    two_way: NoiseLayout | None,
    values: list[float],
) -> list[tuple[float, float]]:
    """(variance of one seed's contrast, degrees of freedom) of its independent parts."""
    if two_way is None:
        if len(values) < 3:
            raise UnansweredError(
                "one seed is not enough"
                if len(values) == 1
                else "two seeds of one contrast, with no other cells to pool, are not enough"
            )
        return [(float(np.var(values, ddof=1)), len(values) - 1.0)]
    loading = sum(weights[k] for k in runs) ** 2 / two_way.cells
    own = {k: weights[k] ** 2 * two_way.rest.get(k, two_way.mean_rest) for k in runs}
    own_df = min(two_way.noise.df + two_way.df / two_way.cells, two_way.df)
    rest = max(sum(own.values()) - loading * two_way.mean_rest, 0.0)
    squares = sum(v**2 for v in own.values())
    df = min(two_way.df, own_df * sum(own.values()) ** 2 / squares) if squares else math.inf
    parts = [(rest, df), (loading * two_way.seed_square, two_way.seeds - 1.0)]
    for key, cell in bases.items():
        if key not in fixed:
            mine = float(np.var(list(cell.values.values()), ddof=1)) if len(cell.values) > 1 else 0
            pooled, df = two_way.noise.of(mine, max(len(cell.values) - 1.0, 0.0))
            parts.append((weights[key] ** 2 * max(mine, pooled), df))
    return [(variance, df) for variance, df in parts if variance > 0]


def _item_by_item(terms: Sequence[Term], of_items: StudyItems | None) -> float | None:
    """Variance over test items as the records show it; None where one does not."""
    contrast: dict[CellRows, float] = {}
    for weight, cell, seeds in terms:
        rows = tuple(cell.rows[seed] for seed in seeds or cell.rows if seed in cell.rows)
        if of_items is None or not rows or len(rows) < len(seeds):
            return None
        contrast[rows] = contrast.get(rows, 0.0) + weight
    return None if of_items is None else of_items.variance(contrast)


def _assumed(terms: Sequence[Term]) -> float:
    """Variance over test items: compound symmetry among cells of one test set."""
    by_set: dict[tuple[str, ...], list[float]] = {}
    for weight, cell, _ in terms:
        by_set.setdefault(cell.items, []).append(weight * cell.error)
    return sum(
        (1 - ITEM_CORRELATION) * sum(x**2 for x in mine) + ITEM_CORRELATION * sum(mine) ** 2
        for mine in by_set.values()
    )
