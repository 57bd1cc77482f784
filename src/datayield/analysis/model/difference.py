"""A difference of scores with its interval, and what that interval covers."""

import math
from dataclasses import dataclass, replace
from typing import Literal

from scipy.special import stdtr

from datayield.analysis.format import span

# Another draw of seeds (given this test set); with one seed the scatter of many sizes about smooth
# curves, or else only another draw of test images. With one degree of freedom the interval covers
# seeds, but is too wide to say anything.
Covers = Literal["seeds", "scatter of sizes", "too few seeds", "test images only", "nothing"]
DECIDING: tuple[Covers, ...] = ("seeds", "scatter of sizes")


@dataclass(frozen=True, slots=True)
class Difference:
    """A contrast of scores: its mean over `seeds` shared seeds, in [-1, 1], and a 95% interval.

    `error` is its standard error, with `df` degrees of freedom.
    """

    mean: float
    low: float
    high: float
    seeds: int
    covers: Covers
    error: float = math.nan
    df: float = math.inf

    @property
    def decides(self) -> bool:
        """Whether a verdict may rest on the interval."""
        return self.covers in DECIDING

    @property
    def why_undecided(self) -> str:
        """Why the interval decides nothing; "" if it does."""
        return {
            "nothing": "no seed ran at both sizes",
            "test images only": "one seed",
            "too few seeds": f"{'two' if self.seeds == 2 else 'so few'} seeds are too few to tell",
        }.get(self.covers, "")

    @property
    def shows_interval(self) -> bool:
        """Whether there is an interval that is worth printing."""
        return self.covers not in ("nothing", "too few seeds")

    @property
    def span(self) -> str:
        """The interval in points: '+1.0 to +3.2'; "" if it is not worth printing."""
        return span(self.low, self.high) if self.shows_interval else ""

    @property
    def arms(self) -> tuple[float, float]:
        """How far the interval reaches below and above the mean; 0 if it is not worth drawing."""
        return (self.mean - self.low, self.high - self.mean) if self.shows_interval else (0.0, 0.0)

    @property
    def p(self) -> float:
        """Two-sided p against no difference; 1 where the interval decides nothing."""
        if not self.decides:
            return 1.0
        if not self.error > 0:
            return 0.0 if self.mean else 1.0
        return 2 * float(stdtr(self.df, -abs(self.mean) / self.error))

    def per(self, doublings: float) -> "Difference":
        """The same difference per doubling."""
        low, high = sorted((self.low / doublings, self.high / doublings))
        error = self.error / abs(doublings)
        return replace(self, mean=self.mean / doublings, low=low, high=high, error=error)
