"""The variance of seed effects, for contrasts in which they do not cancel.

Its ratio to the variance of the rest is unknown, so it is averaged over its posterior on a grid,
together with rho. What tells of it: how the seeds' levels differ between blocks, or, for a contrast
that does not cancel what all blocks share, how they differ at all.
"""

from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from datayield.analysis.model.rectangles import rectangles
from datayield.analysis.model.restricted_likelihood import (
    PRIOR,
    TIES,
    Floats,
    Residuals,
    posterior,
)

# Variance of the seed effects against the rest's; less likely where it is large, 0 apart.
RATIO: Floats = np.array([0, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1e3, 1e4])
_LIKELY: Floats = np.where(RATIO > 0, 1 / (1 + RATIO / 3), 4)
_PRIOR: Floats = PRIOR[:, None] * _LIKELY / _LIKELY.sum()


class Joint(NamedTuple):
    """Posterior over (rho, ratio), and the variance of the rest at each.

    `df`: degrees of freedom of the rest and of the levels; `level_df`: of the levels alone.
    """

    weights: Floats
    variances: Floats
    df: int
    level_df: int

    def of(self, rest: Floats, across: float) -> tuple[float, float]:
        """(variance, degrees of freedom) of a contrast: `rest` [rho] in units of the rest's
        variance, `across` in units of the seed effects'. Satterthwaite's degrees (1946): few
        where the seed effects, known from few levels, are most of the variance.
        """
        each = self.weights * self.variances
        own = float((each * rest[:, None]).sum())
        levels = across * float((each * RATIO).sum())
        if not own + levels:
            return 0.0, float(self.df)
        spread = own**2 / self.df + levels**2 / self.level_df
        return own + levels, (own + levels) ** 2 / spread


class SeedEffects:
    """Of blocks with the levels of their seeds; `square`, `log` and `df` are those of the rest."""

    def __init__(
        self,
        blocks: Sequence[tuple[Hashable, list[int], Residuals]],
        square: Floats,
        log: Floats,
        df: int,
    ) -> None:
        # the first of a block has the most cells
        self._blocks = {block: (seeds, each) for block, seeds, each in reversed(blocks)}
        self._square, self._log, self._df = square, log, df

    def joint(self, whole: bool) -> Joint | None:
        """For contrasts whose weights sum to 0, or (`whole`) do not; None if no seed repeats."""
        return self._totals if whole else self._differences or self._totals

    @cached_property
    def _totals(self) -> Joint | None:
        if not self._blocks:
            return None
        each = [residuals for _, residuals in self._blocks.values()]
        square = np.mean([(e.levels**2).sum(1) for e in each], axis=0)
        own = np.mean([e.level_variance for e in each], axis=0)
        return self._with(square, own, min(len(seeds) for seeds, _ in self._blocks.values()) - 1)

    @cached_property
    def _differences(self) -> Joint | None:
        every = list(self._blocks.values())
        found = rectangles([frozenset(seeds) for seeds, _ in every])
        if not found:
            return None
        chosen, seeds = found[0]
        levels = []
        for own, each in (every[i] for i in chosen):
            mine = each.levels[:, [own.index(s) for s in seeds]]
            levels.append(mine - mine.mean(1, keepdims=True))
        table = np.array(levels)  # [block, rho, seed]
        square = ((table - table.mean(0)) ** 2).sum((0, 2))
        own_variance = np.mean([every[i][1].level_variance for i in chosen], axis=0)
        return self._with(square, own_variance, (len(chosen) - 1) * (len(seeds) - 1))

    def _with(self, square: Floats, own: Floats, df: int) -> Joint:
        loading = own[:, None] + RATIO
        total = self._square[:, None] + square[:, None] / loading
        both = self._df + df
        logs = self._log[:, None] - df / 2 * np.log(loading)
        logs = logs - both / 2 * np.log(np.maximum(total, TIES))
        return Joint(posterior(logs, _PRIOR), total / both, both, df)
