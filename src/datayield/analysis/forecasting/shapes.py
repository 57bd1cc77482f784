"""Shapes that an error may take along an axis: draws of the prior that forecasts average over."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from datayield.analysis.forecasting.quasi_random import Floats, beta, normal, spread

DRAWS = 12288
FLAT = 0.12  # of the draws: the error hardly changes
STRAIGHT = 0.10  # power laws with (almost) no offset
RISING = 0.05  # the error grows
UNBENT = 0.5  # of all others


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
        k, bent = self.sharpness, np.isfinite(self.bend)
        fall = self.exponent * t[:, None]
        where = k[bent] * self.bend[bent]
        at = np.logaddexp(0.0, k[bent] * t[:, None] - where) - np.logaddexp(0.0, -where)
        fall[:, bent] = self.exponent[bent] / k[bent] * at
        logs: Floats = np.logaddexp(np.log(self.plateau), np.log1p(-self.plateau) - fall)
        return logs

    def chosen(self, places: Floats) -> "Shapes":
        """The shapes at some places only."""
        return Shapes(*(parameter[places] for parameter in self))


@lru_cache(maxsize=1)
def prior() -> Shapes:
    """Draws of the prior, evenly spread.

    Plateaus are Beta(2.5, 2.5), exponents log-normal about 0.7, as they are above the plateau, and
    bends lie up to seven units of ln size before the last size, and one after it. A straight power
    law has about a third of that exponent.
    """
    kind, unbent, *u = spread(6, DRAWS)
    plateau, exponent = beta(u[0], 2.5, 2.5), normal(u[1])
    exponent = np.exp(np.log(0.7) + 0.7 * exponent)
    bend = np.where(unbent < UNBENT, -np.inf, -7.0 + 8.0 * u[2])
    flat = kind < FLAT
    straight = (kind >= FLAT) & (kind < FLAT + STRAIGHT)
    rising = kind > 1 - RISING
    plateau[flat] = 1 - 0.1 * u[0][flat] ** 2
    plateau[straight] = 0.02 * u[0][straight]
    exponent[straight] = np.exp(np.log(0.22) + 0.6 * normal(u[1][straight]))
    exponent[rising] *= -0.3
    return Shapes(plateau, exponent, bend, np.exp(0.5 * normal(u[3])))
