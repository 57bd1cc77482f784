"""Differences paired by seed, with an interval that pools the noise of neighbouring cells.

Three seeds are too few to estimate a variance (a t interval of +-2.5 standard deviations), so
each cell's variance is shrunk towards the others' (Smyth 2004, "Linear models and empirical
Bayes", section 4): fully if they are similar, less if they differ.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import polygamma, psi, stdtrit

from datayield.analysis.results import CONFIDENCE, Seeds

Covers = Literal["seeds", "test images only", "nothing"]


class Pair(NamedTuple):
    """Scores before and after, by seed, and how many test images measured them.

    `errors`: standard errors over test images of one seed's score, before and after; None if
    binomial, for a fraction of `n_test` images. `counted`: whether scores are such fractions.
    """

    before: Mapping[int, float]
    after: Mapping[int, float]
    n_test: int
    errors: tuple[float, float] | None = None
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean of after - before over the shared seeds, in [-1, 1], and its interval.

    `covers` says what the interval accounts for: another draw of seeds (given this test set), or,
    if the study has no two seeds to compare, only another draw of test images.
    """

    mean: float
    low: float
    high: float
    seeds: int
    covers: Covers

    def per(self, doublings: float) -> "Difference":
        """The same difference per doubling."""
        low, high = sorted((self.low / doublings, self.high / doublings))
        return replace(self, mean=self.mean / doublings, low=low, high=high)


def pair(before: Seeds, after: Seeds) -> Pair:
    """The two cells as a pair."""
    n_test = min(before.n_test, after.n_test)
    errors = None
    if before.error is not None and after.error is not None:
        errors = before.error, after.error
    counted = before.counted and after.counted
    return Pair(before.by_seed, after.by_seed, n_test, errors, counted)


def differences(pairs: Sequence[Pair]) -> list[Difference]:
    """One difference per pair; their noise is pooled, so pass only pairs with similar noise.

    Test images enter only if a pair shares a single seed: with the errors that the evaluation
    estimated (over images even if it counts pixels, which are not independent within an image),
    else binomial ones. Both sides are treated as independent, which is conservative for a common
    test set. Scores that are counts of test images may tie between seeds by chance, so their
    variance is bounded below by that of rounding.
    """
    gains = [[p.after[s] - p.before[s] for s in sorted(p.before.keys() & p.after)] for p in pairs]
    several = [np.asarray(g) for g in gains if len(g) > 1]
    noise = moderate([float(g.var(ddof=1)) for g in several], [len(g) - 1 for g in several])
    made: list[tuple[float, float, float, int, Covers]] = []  # mean, variance, df, seeds, covers
    for each, values in zip(pairs, gains, strict=True):
        if not values:
            made.append((math.nan, math.nan, math.inf, 0, "nothing"))
            continue
        mean, df = float(np.mean(values)), math.inf
        covers: Covers = "seeds"
        if len(values) > 1:
            variance, df = noise.of(float(np.var(values, ddof=1)), len(values) - 1)
            variance = max(variance, _rounding(each)) / len(values)
        else:
            variance = _of_test_images(each)
            if several:
                variance, df = variance + noise.variance, noise.pooled_df
            else:
                covers = "test images only"
        made.append((mean, variance, df, len(values), covers))
    # quantiles all at once: one by one they take longer than all the rest
    dfs = np.array([df for _, _, df, _, _ in made])
    quantiles = np.atleast_1d(stdtrit(dfs, 0.5 + CONFIDENCE / 2))
    with_intervals = []
    for (mean, variance, _, seeds, covers), q in zip(made, quantiles, strict=True):
        half = float(q) * math.sqrt(variance)
        with_intervals.append(Difference(mean, mean - half, mean + half, seeds, covers))
    return with_intervals


@dataclass(frozen=True, slots=True)
class Noise:
    """The variance of one paired difference, pooled over the cells."""

    variance: float
    df: float  # how much they agree; infinite if their spread is no more than chance
    pooled_df: float  # degrees of freedom of all of them, the most that any cell can have

    def of(self, variance: float, df: float) -> tuple[float, float]:
        """A cell's shrunken variance and its degrees of freedom."""
        if math.isinf(self.df):
            return self.variance, self.pooled_df
        mixed = (self.df * self.variance + df * variance) / (self.df + df)
        return mixed, min(self.df + df, self.pooled_df)


def moderate(variances: Sequence[float], dfs: Sequence[float]) -> Noise:
    """Fit a scaled inverse chi-square prior to the variances by the moments of their logs."""
    s2, d = np.asarray(variances, float), np.asarray(dfs, float)
    pooled_df = float(d.sum())
    if not len(s2):
        return Noise(math.nan, math.inf, 0.0)
    pooled = float((d * s2).sum() / pooled_df)
    if len(s2) < 3 or pooled == 0:
        return Noise(pooled, math.inf, pooled_df)
    floor = 1e-4 * pooled  # seeds that tie on a small test set: their log would be -inf
    logs = np.log(np.maximum(s2, floor)) - psi(d / 2) + np.log(d / 2)
    excess = float(logs.var(ddof=1) - polygamma(1, d / 2).mean())
    if excess <= 0:
        return Noise(pooled, math.inf, pooled_df)
    log_half = brentq(lambda z: math.log(polygamma(1, math.exp(z)) / excess), -20, 30)
    half = math.exp(log_half)
    prior = math.exp(float(logs.mean()) + float(psi(half)) - log_half)
    return Noise(prior, 2 * half, pooled_df)


def _rounding(each: Pair) -> float:
    """Variance of a difference of two scores that are multiples of 1 / n_test."""
    return 2 / 12 / max(each.n_test, 1) ** 2 if each.counted else 0.0


def _of_test_images(each: Pair) -> float:
    if each.errors is not None:
        return sum(error**2 for error in each.errors)
    (seed,) = each.before.keys() & each.after
    sides = (each.before[seed], each.after[seed])
    return sum(p * (1 - p) for p in sides) / max(each.n_test, 1)
