"""One noise model per evaluation: every interval is a contrast of cells in one fit.

The score of a seed in a cell is cell + seed + rest, a two-way layout (Scheffe 1959, "The Analysis
of Variance", chapter 4). Cells of one block share the seed effect, because the same seed gives them
the same initial weights and order of images; whether blocks share it too is estimated. Along a line
of nested sizes the rest of neighbours correlates (restricted_likelihood.py). The variance of the
rest is pooled over all cells, and shrunk towards the pool where cells differ (moderation.py).

Seed effects cancel in a contrast within blocks; between blocks (a run against the untrained
encoder) their variance counts (seed_effects.py).
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property

import numpy as np
from scipy.special import stdtrit

from datayield.analysis.model.assumed_items import ItemTerm, variance_over_items
from datayield.analysis.model.contrast import (
    CellWeights,
    Contrast,
    LayoutCell,
    PlacedCell,
    contrast_of,
    mean_over_seeds,
    own_variance,
)
from datayield.analysis.model.difference import Covers, Difference
from datayield.analysis.model.moderation import Noise, moderate
from datayield.analysis.model.rectangles import rectangles
from datayield.analysis.model.rest_variance import RestVariance, lines_of
from datayield.analysis.model.restricted_likelihood import RHO, Floats, Residuals, residuals
from datayield.analysis.model.seed_effects import SeedEffects
from datayield.analysis.model.smooth_curves import FEWEST, scatter, spread
from datayield.analysis.results import CONFIDENCE

FEW = 2 - 1e-9  # degrees of freedom below which an interval says nothing


class NoiseModel:
    """The fit of one evaluation's cells; `contrast` and its like give intervals.

    `df`: degrees of freedom of the rest, 0 if nothing repeats. `noise`: its pooled variance.
    """

    def __init__(self, cells: Sequence[LayoutCell]) -> None:
        values = [cell.seeds.by_seed for cell in cells]
        every = [value for by_seed in values for value in by_seed.values()]
        self._bounded = bool(every) and min(every) >= 0 and max(every) <= 1  # else not a share
        blocks: dict[Hashable, list[int]] = {}
        for i, cell in enumerate(cells):
            if cell.tells:
                blocks.setdefault(cell.block, []).append(i)
        complete = [
            (block, [mine[i] for i in chosen], seeds)
            for block, mine in blocks.items()
            for chosen, seeds in rectangles([frozenset(values[i]) for i in mine], 1)
        ]
        tables = [
            np.array([[values[i][s] for s in seeds] for i in chosen])
            for _, chosen, seeds in complete
        ]
        self.noise, scales, dfs = _moderated(
            len(cells), [chosen for _, chosen, _ in complete], tables
        )
        places = _places(cells)
        self._cells = {
            cell.key: PlacedCell(cell, values[i], *places[i], float(scales[i]), float(dfs[i]))
            for i, cell in enumerate(cells)
        }
        each = [
            residuals(table, scales[chosen], [places[i] for i in chosen])
            for (_, chosen, _), table in zip(complete, tables, strict=True)
        ]
        self.df, square, log = _summed(each)
        self._from_scatter = False
        if not complete:
            self.df, square, log = self._scatter()
            self._from_scatter = self.df > 0
        named = zip(complete, each, strict=True)
        levels = [(block, seeds, own) for (block, _, seeds), own in named]
        self._seed_effects = SeedEffects(levels, square, log, self.df)
        self._rest = RestVariance(
            [
                (lines_of([places[i] for i in chosen], scales[chosen]), own)
                for (_, chosen, _), own in zip(complete, each, strict=True)
            ],
            square,
            log,
            self.df,
        )

    def contrast(self, weights: CellWeights, minus: float = 0.0) -> Difference:
        """The weighted sum of cells, less a constant; see `contrasts`."""
        return self.contrasts([weights], [minus])[0]

    def contrasts(
        self, wanted: Sequence[CellWeights], minus: Sequence[float] | None = None
    ) -> list[Difference]:
        """Each weighted sum of cells, less a constant that is known without error.

        Over the seeds that all its cells have; if they share none, of the cells' own means.
        """
        made = [contrast_of(self._terms(weights)) for weights in wanted]
        return self._intervals(made, minus or [0.0] * len(made))

    def contrasts_by_seed(self, wanted: Sequence[Mapping[int, CellWeights]]) -> list[Difference]:
        """The mean over seeds of a weighted sum of cells that differs from seed to seed.

        A seed's weights sum to 0 within each block, and may not depend on its own scores.
        """
        made = [
            mean_over_seeds([contrast_of(self._terms(w), seed) for seed, w in by_seed.items()])
            for by_seed in wanted
        ]
        return self._intervals(made, [0.0] * len(made))

    def _terms(self, weights: CellWeights) -> list[tuple[PlacedCell, float]]:
        return [(self._cells[key], w) for key, w in weights.items() if w]

    def _intervals(self, made: Sequence[Contrast], minus: Sequence[float]) -> list[Difference]:
        spreads = [self._spread(contrast) for contrast in made]
        # quantiles all at once: one by one they take longer than all the rest
        quantiles = np.atleast_1d(
            stdtrit(np.array([df for _, df, _ in spreads]), 0.5 + CONFIDENCE / 2)
        )
        differences = []
        for each, less, spread_, q in zip(made, minus, spreads, quantiles.tolist(), strict=True):
            variance, df, covers = spread_
            if covers == "nothing":
                differences.append(Difference(math.nan, math.nan, math.nan, 0, covers))
                continue
            mean, error = each.mean - less, math.sqrt(variance)
            low, high = mean - q * error, mean + q * error
            if self._bounded:  # no score is below 0 or above 1
                low = max(low, sum(min(w, 0.0) for _, w in each.terms) - less)
                high = min(high, sum(max(w, 0.0) for _, w in each.terms) - less)
            differences.append(Difference(mean, low, high, each.seeds, covers, error, df))
        return differences

    def _spread(self, contrast: Contrast) -> tuple[float, float, Covers]:
        """(variance, degrees of freedom, what it covers)."""
        if not contrast.seeds:
            return self._apart(contrast)
        joint = self._seed_effects.joint(contrast.whole) if contrast.across else None
        if joint is not None:
            variance, df = joint.of(contrast.rest, contrast.across)
        elif self.df and not (self._from_scatter and contrast.across):
            variance, df = self._rest.of(contrast.rest)
            df = self._own_df(contrast, df)
            return max(variance, _rounding(contrast)), df, self._covers(self.df)
        elif contrast.seeds > 1:  # nothing to pool: the contrast's own spread
            variance, df = own_variance(contrast), contrast.seeds - 1.0
        else:
            return _over_items(contrast), math.inf, "test images only"
        return max(variance, _rounding(contrast)), df, self._covers(df)

    def _covers(self, df: float) -> Covers:
        if df < FEW:
            return "too few seeds"
        return "scatter of sizes" if self._from_scatter else "seeds"

    def _own_df(self, contrast: Contrast, df: float) -> float:
        """At most `df`; Satterthwaite's of the cells' own where cells differ."""
        if math.isinf(self.noise.df):
            return df
        parts = [((w * cell.scale) ** 2, cell.df) for cell, w in contrast.terms]
        total, spread_ = sum(v for v, _ in parts), sum(v**2 / own for v, own in parts)
        return min(df, total**2 / spread_) if spread_ else df

    def _apart(self, contrast: Contrast) -> tuple[float, float, Covers]:
        """Without a common seed, all that differs between the seeds of a cell counts."""
        within, df = self._within
        if not df:
            return math.nan, math.inf, "nothing"
        variance = within * sum(w**2 / len(cell.values) for cell, w in contrast.terms)
        return variance, float(df), self._covers(df)

    @cached_property
    def _within(self) -> tuple[float, int]:
        """Pooled variance between the seeds of a cell, and its degrees of freedom."""
        repeated = [[*c.values.values()] for c in self._cells.values() if c.cell.tells]
        df = sum(len(y) - 1 for y in repeated)
        square = sum(float(np.var(y)) * len(y) for y in repeated)
        return square / max(df, 1), df

    def _scatter(self) -> tuple[int, Floats, Floats]:
        """Where no cell has two seeds: from the scatter about smooth curves, if that is enough."""
        lines: dict[int, list[tuple[float, float]]] = {}
        for placed in self._cells.values():
            if placed.cell.tells:
                mine = lines.setdefault(placed.line, [])
                mine.extend((placed.cell.at, value) for value in placed.values.values())
        each = [sorted(line) for line in lines.values()]
        square, log_det, df = scatter(
            [(spread([x for x, _ in line]), np.array([y for _, y in line])) for line in each]
        )
        if df < FEWEST:
            return 0, np.zeros(len(RHO)), np.zeros(len(RHO))
        return df, square, -0.5 * log_det


def _moderated(
    count: int, groups: Sequence[list[int]], tables: Sequence[Floats]
) -> tuple[Noise, Floats, Floats]:
    """The pooled noise; each cell's relative standard deviation and its degrees of freedom.

    Two cells without others show the spread of their difference alone, which is nobody's own.
    """
    variances, dfs = np.full(count, math.nan), np.zeros(count)
    for chosen, y in zip(groups, tables, strict=True):
        cells, seeds = y.shape
        if cells > 2:
            rest = y - y.mean(1, keepdims=True) - y.mean(0) + y.mean()
            dfs[chosen] = (seeds - 1) * (cells - 1) / cells
            variances[chosen] = (rest**2).sum(1) / dfs[chosen]
    known = dfs > 0
    noise = moderate(variances[known].tolist(), dfs[known].tolist())
    if math.isinf(noise.df):
        return noise, np.ones(count), np.full(count, noise.pooled_df)
    shrunk = [
        noise.of(v, df) if df else (noise.variance, noise.df)
        for v, df in zip(variances.tolist(), dfs.tolist(), strict=True)
    ]
    scales = np.sqrt([v / noise.variance for v, _ in shrunk])
    return noise, scales, np.array([df for _, df in shrunk])


def _summed(each: Sequence[Residuals]) -> tuple[int, Floats, Floats]:
    """Degrees of freedom, sum of squares and log likelihood without it [rho]."""
    square, log = np.zeros(len(RHO)), np.zeros(len(RHO))
    for one in each:
        if one.df:
            square = square + one.square
            log = log - 0.5 * (one.seeds - 1) * one.log_det
    return sum(one.df for one in each), square, log


def _places(cells: Sequence[LayoutCell]) -> list[tuple[int, int]]:
    """(number of its line, rank on it) of each cell."""
    lines: dict[Hashable, list[int]] = {}
    for i, cell in enumerate(cells):
        lines.setdefault((cell.block, cell.line), []).append(i)
    places = [(0, 0)] * len(cells)
    for number, line in enumerate(lines.values()):
        for rank, i in enumerate(sorted(line, key=lambda i: cells[i].at)):
            places[i] = number, rank
    return places


def _rounding(contrast: Contrast) -> float:
    """Scores that count test images may tie between seeds by chance; not closer than this."""
    counted = [(cell.cell.seeds, w) for cell, w in contrast.terms if cell.cell.seeds.counted]
    return sum(w**2 / 12 / s.n_test**2 for s, w in counted if s.n_test) / contrast.seeds


def _over_items(contrast: Contrast) -> float:
    """As if each score had its own test items, which is the most careful for a difference."""
    terms = [ItemTerm(w, c.cell.seeds.test_error, c.cell.key, 1.0) for c, w in contrast.terms]
    return variance_over_items(terms)
