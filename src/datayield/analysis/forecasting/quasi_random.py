"""Evenly spread draws of distributions, the same at every call."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def spread(dimensions: int, number: int) -> Floats:
    """Points of the unit cube, [dimensions, number]: a sum of steps that never repeats.

    The additive recurrence of the generalised golden ratio (Roberts 2018).
    """
    ratio = 2.0
    for _ in range(50):
        ratio = (1 + ratio) ** (1 / (dimensions + 1))
    steps = ratio ** -np.arange(1.0, dimensions + 1)
    points: Floats = (0.5 + steps[:, None] * np.arange(1, number + 1)) % 1.0
    return points


def beta(u: Floats, a: float, b: float) -> Floats:
    """Quantiles of a beta distribution; a and b are at least 1."""
    return _quantiles(lambda x: x ** (a - 1) * (1 - x) ** (b - 1), 0.0, 1.0, u)


def normal(u: Floats) -> Floats:
    return _quantiles(lambda x: np.exp(-0.5 * x**2), -8.0, 8.0, u)


def student(u: Floats, degrees: float) -> Floats:
    """Quantiles of Student's t."""
    return _quantiles(lambda x: (1 + x**2 / degrees) ** (-(degrees + 1) / 2), -60.0, 60.0, u)


def _quantiles(density: Callable[[Floats], Floats], low: float, high: float, u: Floats) -> Floats:
    """Where the distribution of a density on [low, high], known up to a factor, reaches `u`."""
    x = np.linspace(low, high, 8001)
    heights = density(x)
    below = np.concatenate([[0.0], np.cumsum((heights[1:] + heights[:-1]) / 2)])
    return np.interp(u, below / below[-1], x)
