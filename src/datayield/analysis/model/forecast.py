"""Forecasts along one axis: the error at sizes that were not measured, with an interval.

A Bayesian average over smooth falling curves: power laws with an offset, with and without a bend,
and flat ones. Shapes are drawn from a prior and weighted by how well they fit; recent points count
most, since laws fitted over decades often break. Needs NumPy alone.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from datayield.spec.errors import ConfigError

Floats = NDArray[np.float64]

DRAWS = 8192  # shapes of the prior
SAMPLED = 2048  # futures, for the interval
FLAT = 0.15  # of the prior
UNBENT = 0.35  # of the rest
FEWEST = 4  # sizes; with fewer, half of the last slope is all that is said
NEAR = 0.8  # of a natural logarithm: how far back points count fully
MOST = 20.0  # points that all weights together count for
NOISE = 0.015  # of ln error: what the measurements scatter at least
DRIFT = 0.04  # of ln error, per unit of ln size ahead
CEILING = 1.05  # errors above are rare: at most all is wrong


class Forecast(NamedTuple):
    """Expected errors and a central interval, [m] each; the interval is NaN below four sizes."""

    mean: Floats
    low: Floats
    high: Floats


class _Shapes(NamedTuple):
    """Draws of the prior, [DRAWS] each: share of the plateau, exponent, place and width of a bend."""

    plateau: Floats
    exponent: Floats
    bend: Floats  # in sizes relative to the last one; 0 for none
    sharpness: Floats

    def log_error(self, t: Floats) -> Floats:
        """ln of the error relative to that at the last size, [DRAWS, n]; t: ln of relative sizes."""
        return np.log(self.plateau[:, None] + (1 - self.plateau[:, None]) * self._decay(t))

    def _decay(self, t: Floats) -> Floats:
        straight = self.exponent[:, None] * t
        bent = self.bend > 0
        where = np.where(bent, np.log(np.where(bent, self.bend, 1.0)), 0.0)[:, None]
        k = self.sharpness[:, None]
        curved = self.exponent[:, None] / k * (
            np.logaddexp(0.0, k * (t - where)) - np.logaddexp(0.0, -k * where)
        )
        power: Floats = np.exp(-np.where(bent[:, None], curved, straight))
        return power


def forecast(
    sizes: ArrayLike, errors: ArrayLike, at: ArrayLike, level: float = 0.9
) -> Forecast:
    """The error at the sizes `at` [m], from errors [n] measured at `sizes` [n].

    Errors are shares above 0 (1 - accuracy, or any loss); equal sizes are averaged. `level` is that
    of the interval, which holds for one more measurement. Below four sizes the mean follows half of
    the last slope and there is no interval. Raises ConfigError for what is not such numbers.
    """
    x, y, ahead = _checked(sizes, errors, at, level)
    if len(x) < FEWEST:
        return _few(x, y, ahead)
    t, z, to = np.log(x / x[-1]), np.log(y), np.log(ahead / x[-1])
    shapes = _prior()
    weights = 1 / (1 + (np.abs(t) / NEAR) ** 3)
    weights *= min(1.0, MOST / weights.sum())
    total = weights.sum()
    curve = shapes.log_error(t)
    offset = (z - curve) @ weights / total
    misfit = (z - curve - offset[:, None]) ** 2 @ weights
    degrees = total + 3.0
    score = -0.5 * degrees * np.log(misfit + 4 * NOISE**2)
    above = np.maximum(0.0, offset + np.log(shapes.plateau) - np.log(CEILING))
    score -= 0.5 * (above / 0.05) ** 2
    posterior = np.exp(score - score.max())
    posterior /= posterior.sum()
    predicted = shapes.log_error(to) + offset[:, None]
    mean = posterior @ predicted
    spread = np.sqrt((misfit + 4 * NOISE**2) / degrees)
    low, high = _interval(predicted, posterior, spread, total, to, level)
    scale = _widening(len(x))
    return Forecast(
        np.exp(mean), np.exp(mean - scale * (mean - low)), np.exp(mean + scale * (high - mean))
    )


def _interval(
    predicted: Floats, posterior: Floats, spread: Floats, total: float, to: Floats, level: float
) -> tuple[Floats, Floats]:
    """Quantiles [m] of futures: a shape, its level, its drift, and the noise of a measurement."""
    u = _spaced(4, SAMPLED)
    chosen = np.searchsorted(np.cumsum(posterior), u[:, 0] * 0.999999)
    degrees = total + 2.0
    levels = _t(u[:, 1], degrees) * spread[chosen] / np.sqrt(total)
    drift = _normal(u[:, 2])[:, None] * DRIFT * np.abs(to)
    noise = 0.9 * spread[chosen] * _t(u[:, 3], 5.0)
    futures = predicted[chosen] + (levels + noise)[:, None] + drift
    low, high = np.quantile(futures, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def _widening(sizes: int) -> float:
    """By what intervals are scaled: learned on other curves than those they are tested on."""
    return float(np.interp(sizes, [8, 20], [0.6, 1.2]))


def _few(x: Floats, y: Floats, ahead: Floats) -> Forecast:
    slope = 0.0
    if len(x) > 1:
        slope = 0.5 * np.log(y[-1] / y[-2]) / np.log(x[-1] / x[-2])
    mean = y[-1] * (ahead / x[-1]) ** slope
    nothing = np.full_like(mean, np.nan)
    return Forecast(mean, nothing, nothing)


@lru_cache(maxsize=1)
def _prior() -> _Shapes:
    u = _spaced(6, DRAWS)
    plateau = _quantile(lambda e: e**2 * (1 - e) ** 1.5, 0.0, 1.0, u[:, 0])
    exponent = np.exp(np.log(0.7) + 0.7 * _normal(u[:, 1]))
    bend = np.where(u[:, 4] < UNBENT, 0.0, np.exp(-7.0 + 8.0 * u[:, 2]))
    sharpness = np.exp(0.5 * _normal(u[:, 3]))
    nearly = 1 - 0.1 * u[:, 0] ** 2
    return _Shapes(np.where(u[:, 5] < FLAT, nearly, plateau), exponent, bend, sharpness)


def _spaced(dimensions: int, number: int) -> Floats:
    """Evenly spread points of the unit cube, [number, dimensions], in no visible order.

    The additive recurrence of the generalised golden ratio (Roberts 2018).
    """
    ratio = 2.0
    for _ in range(50):
        ratio = (1 + ratio) ** (1 / (dimensions + 1))
    steps = (1 / ratio) ** np.arange(1, dimensions + 1)
    points: Floats = (0.5 + np.arange(1, number + 1)[:, None] * steps) % 1.0
    return points


def _normal(u: Floats) -> Floats:
    return _quantile(lambda x: np.exp(-0.5 * x**2), -8.0, 8.0, u)


def _t(u: Floats, degrees: float) -> Floats:
    """Quantiles of Student's t."""
    return _quantile(lambda x: (1 + x**2 / degrees) ** (-(degrees + 1) / 2), -60.0, 60.0, u)


def _quantile(density: Callable[[Floats], Floats], low: float, high: float, u: Floats) -> Floats:
    """Where the distribution of a density on [low, high], known up to a factor, reaches `u`."""
    x = np.linspace(low, high, 8001)
    heights = density(x)
    below = np.concatenate([[0.0], np.cumsum((heights[1:] + heights[:-1]) / 2)])
    return np.interp(u, below / below[-1], x)


def _checked(
    sizes: ArrayLike, errors: ArrayLike, at: ArrayLike, level: float
) -> tuple[Floats, Floats, Floats]:
    """Sizes ascending and each once, their mean errors (of logarithms), and the sizes asked for."""
    x, y, ahead = (_numbers(v, name) for v, name in ((sizes, "sizes"), (errors, "errors"), (at, "at")))
    if len(x) != len(y) or not len(x):
        raise ConfigError(
            "sizes and errors must be equally many, and at least one",
            where="forecast: sizes, errors",
            got=f"{len(x)} sizes, {len(y)} errors",
        )
    if not 0 < level < 1:
        raise ConfigError("a level is a share", where="forecast: level", got=level, allowed="0 to 1")
    unique, place = np.unique(x, return_inverse=True)
    logs = np.bincount(place, np.log(y)) / np.bincount(place)
    return unique, np.exp(logs), ahead


def _numbers(values: ArrayLike, name: str) -> Floats:
    try:
        numbers = np.atleast_1d(np.asarray(values, np.float64)).ravel()
    except (TypeError, ValueError):
        numbers = np.array([np.nan])
    if not (np.isfinite(numbers).all() and (numbers > 0).all()):
        wrong: Sequence[object] = [v for v in numbers.tolist() if not (np.isfinite(v) and v > 0)]
        raise ConfigError(
            "not a finite number above 0",
            where=f"forecast: {name}",
            got=wrong[0] if wrong else values,
            hint="errors are shares of 1, for example 1 - accuracy" if name == "errors" else None,
        )
    return numbers
