"""Shapes that an error may take along an axis: draws of the prior that forecasts average over."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from datayield.analysis.forecasting.quasi_random import Floats, beta, normal, spread

DRAWS = 12288
FLAT = 0.10  # of the draws: the error hardly changes
STRAIGHT = 0.14  # power laws with (almost) no offset
RISING = 0.15  # the error grows, or seems to: noise about a flat curve does so half of the time
UNBENT = 0.3  # of all others
EARLIEST, LATEST = -7.0, 1.75  # bends, in ln size from the last one
HARDLY_FALLS = 0.9  # a plateau above it: the shape falls too little to start from anywhere
_MOST = 700.0  # what exp can take


class Shapes(NamedTuple):
    """Errors relative to that at the last size: e + (1 - e) P(t) / P(0), [DRAWS] of each parameter.

    P(t) = (1 + (exp(t) / d)^k)^(-c / k), where t is ln of the size relative to the last one: flat
    at first, then a power law. d = 0 is a power law throughout, and a negative c is one that rises.
    """

    plateau: Floats  # e
    exponent: Floats  # c
    bend: Floats  # ln d; minus infinity for none
    sharpness: Floats  # k

    def log_error(self, t: Floats) -> Floats:
        """ln of the relative error, [n, DRAWS], at `t` [n]."""
        bent = np.isfinite(self.bend)
        k, where = self.sharpness[bent], self.sharpness[bent] * self.bend[bent]
        fall = self.exponent * t[:, None]
        fall[:, bent] = (
            self.exponent[bent] / k * (_softplus(k * t[:, None] - where) - _softplus(-where))
        )
        logs: Floats = np.log(self.plateau + (1 - self.plateau) * np.exp(np.minimum(-fall, _MOST)))
        return logs

    def log_start(self) -> Floats:
        """ln of the relative error that it falls from, [DRAWS]; NaN where it has no such level."""
        falls = np.isfinite(self.bend) & (self.exponent > 0) & (self.plateau < HARDLY_FALLS)
        e, k = self.plateau[falls], self.sharpness[falls]
        start = np.full(len(self.plateau), np.nan)
        start[falls] = np.log(
            e + (1 - e) * np.exp(self.exponent[falls] / k * _softplus(-k * self.bend[falls]))
        )
        return start

    def chosen(self, places: NDArray[np.intp]) -> "Shapes":
        """The shapes at some places only."""
        return Shapes(*(parameter[places] for parameter in self))


def _softplus(x: Floats) -> Floats:
    """ln(1 + exp(x)); several times as fast as np.logaddexp."""
    return np.log1p(np.exp(np.minimum(x, 35.0))) + np.maximum(x - 35.0, 0.0)


@lru_cache(maxsize=1)
def prior() -> Shapes:
    """Draws of the prior, evenly spread.

    Plateaus are Beta(2, 2.5), exponents log-normal about 0.7, as they are above the plateau, and
    bends lie up to seven units of ln size before the last size, and nearly two after it: with few
    labels or images, curves are often seen before they fall as a power law. A straight power law
    has about a third of that exponent, and so has one that rises.
    """
    kind, unbent, *u = spread(6, DRAWS)
    plateau, exponent = beta(u[0], 2.0, 2.5), normal(u[1])
    exponent = np.exp(np.log(0.7) + 0.7 * exponent)
    bend = np.where(unbent < UNBENT, -np.inf, EARLIEST + (LATEST - EARLIEST) * u[2])
    flat = kind < FLAT
    straight = (kind >= FLAT) & (kind < FLAT + STRAIGHT)
    rising = kind > 1 - RISING
    plateau[flat] = 1 - 0.05 * u[0][flat] ** 2
    plateau[straight] = 0.02 * u[0][straight]
    exponent[straight] = np.exp(np.log(0.22) + 0.6 * normal(u[1][straight]))
    exponent[rising] *= -0.3
    return Shapes(plateau, exponent, bend, np.exp(0.5 * normal(u[3])))
