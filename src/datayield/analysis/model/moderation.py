"""Variances of cells from a few seeds each, shrunk towards what they have in common.

Three seeds are too few to estimate one cell's variance, so it is shrunk towards the others' (Smyth
2004, "Linear models and empirical Bayes", section 4): fully if they are similar, less if not.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import polygamma, psi


@dataclass(frozen=True, slots=True)
class Noise:
    """The variance of one seed's score, pooled over the cells."""

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
    chance = float(polygamma(1, d / 2).mean())
    excess = float(logs.var(ddof=1)) - chance
    # by less than a standard error: shrinking to such a spread loses more than it finds
    if excess <= chance * math.sqrt(2 / (len(s2) - 1)):
        return Noise(pooled, math.inf, pooled_df)
    log_half = brentq(lambda z: math.log(polygamma(1, math.exp(z)) / excess), -20, 30)
    half = math.exp(log_half)
    prior = math.exp(float(logs.mean()) + float(psi(half)) - log_half)
    return Noise(prior, 2 * half, pooled_df)
