"""Synthetic curves of many kinds, on which forecasts are tuned and measured.

Each world draws a curve: its sizes [n], and errors [n] with noise. Sizes number 20 to 45, over 1.3
to 2.8 decades, evenly spaced in the logarithm or (a third) in steps that grow
more slowly, as evenly spaced checkpoints do.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rng = np.random.Generator


class World(NamedTuple):
    """ln error relative to the first, without noise, at ln sizes t [n]; and the noise."""

    fall: Callable[[Rng, Floats], Floats]
    noise: Callable[[Rng, Floats], Floats]


def _offset(rng: Rng, t: Floats) -> Floats:
    """A power law with an offset."""
    e = rng.beta(2, 3)
    return np.log(e + (1 - e) * np.exp(-_exponent(rng) * t))


def _power(rng: Rng, t: Floats) -> Floats:
    return -0.6 * _exponent(rng) * t


def _bends(rng: Rng, t: Floats) -> Floats:
    """Up to two bends, either way, above an offset."""
    c = _exponent(rng)
    fall = c * t
    for _ in range(rng.integers(1, 3)):
        k, at = np.exp(rng.normal(0.7, 0.5)), rng.uniform(0, t[-1])
        change = np.clip(rng.normal(-0.05, 0.15), -0.7 * c, None)
        fall = fall + change * (np.logaddexp(0, k * (t - at)) - np.logaddexp(0, -k * at)) / k
    e = rng.choice([0.0, rng.uniform(0, 0.5)])
    return np.log(e + (1 - e) * np.exp(-fall))


def _drift(rng: Rng, t: Floats) -> Floats:
    """The slope wanders."""
    fine = np.linspace(0, t[-1], 400)
    step = fine[1]
    size = np.exp(rng.normal(np.log(0.04), 0.5))
    slope = -0.7 * _exponent(rng) + size * np.cumsum(rng.normal(0, np.sqrt(step), 400))
    return np.interp(t, fine, np.cumsum(np.minimum(slope, 0.02)) * step)


def _plateau(rng: Rng, t: Floats) -> Floats:
    """Nothing is learnt at first; then it falls, towards an offset."""
    at, k = rng.uniform(0.1, 0.6) * t[-1], np.exp(rng.normal(0.5, 0.4))
    c, e = np.exp(rng.normal(np.log(0.5), 0.4)), rng.beta(1.5, 4)
    fall = c * (np.logaddexp(0, k * (t - at)) - np.logaddexp(0, -k * at)) / k
    return np.log(e + (1 - e) * np.exp(-fall))


def _saturating(rng: Rng, t: Floats) -> Floats:
    """Falls steeply, then bends towards a slower power law."""
    k, at = np.exp(rng.normal(0.5, 0.4)), rng.uniform(0.2, 0.8) * t[-1]
    c = np.exp(rng.normal(np.log(0.45), 0.4))
    change = -c * rng.uniform(0.2, 0.9)
    return -(c * t + change * (np.logaddexp(0, k * (t - at)) - np.logaddexp(0, -k * at)) / k)


def _flat(rng: Rng, t: Floats) -> Floats:
    return rng.normal(0, 0.01) * t


def _turning(rng: Rng, t: Floats) -> Floats:
    """Falls, then rises slowly."""
    at = rng.uniform(0.3, 0.9) * t[-1]
    return -0.7 * _exponent(rng) * np.minimum(t, at) + rng.uniform(0, 0.05) * np.maximum(t - at, 0)


def _exponent(rng: Rng) -> float:
    return float(np.exp(rng.normal(np.log(0.28), 0.55)))


def _even(rng: Rng, t: Floats) -> Floats:
    return _sigma(rng) * rng.normal(size=len(t))


def _alike(rng: Rng, t: Floats) -> Floats:
    """Neighbours share their noise."""
    near = np.exp(-np.abs(t[:, None] - t) / rng.uniform(0.2, 1.0))
    shared = np.linalg.cholesky(near + 1e-9 * np.eye(len(t))) @ rng.normal(size=len(t))
    return 1.3 * _sigma(rng) * (0.8 * shared + 0.6 * rng.normal(size=len(t)))


def _heavy(rng: Rng, t: Floats) -> Floats:
    return 0.7 * _sigma(rng) * rng.standard_t(2.5, len(t))


def _early(rng: Rng, t: Floats) -> Floats:
    """Loud at small sizes, quiet at large ones."""
    return _sigma(rng) * rng.normal(size=len(t)) * (0.5 + 3.0 * np.exp(-t / 1.5))


def _sigma(rng: Rng) -> float:
    return float(np.exp(rng.normal(np.log(0.012), 0.6)))


WORLDS = {
    "power law": World(_power, _even),
    "offset": World(_offset, _even),
    "bends": World(_bends, _even),
    "drift": World(_drift, _even),
    "plateau": World(_plateau, _even),
    "saturating": World(_saturating, _even),
    "flat": World(_flat, _even),
    "turning": World(_turning, _even),
    "offset, correlated noise": World(_offset, _alike),
    "bends, correlated noise": World(_bends, _alike),
    "drift, heavy tails": World(_drift, _heavy),
    "bends, early noise": World(_bends, _early),
}  # fmt: skip


def _straight(rng: Rng, t: Floats) -> Floats:
    """Accuracy is linear in the logarithm of the size."""
    return np.log(1 - t * rng.uniform(0.02, 0.7) / t[-1])


def _two_laws(rng: Rng, t: Floats) -> Floats:
    share = rng.uniform(0.2, 0.9)
    fast, slow = np.exp(rng.normal(np.log(0.6), 0.4)), np.exp(rng.normal(np.log(0.1), 0.5))
    return np.log(share * np.exp(-fast * t) + (1 - share) * np.exp(-slow * t))


def _logistic(rng: Rng, t: Floats) -> Floats:
    """The log odds of an error fall linearly, down to an offset."""
    first = rng.uniform(-0.5, 3)
    odds = first - rng.uniform(0.1, 0.6) * t
    e = rng.choice([0.0, rng.uniform(0.02, 0.3)])
    return np.log((e + (1 - e) / (1 + np.exp(-odds))) * (1 + np.exp(-first)))


def _stretched(rng: Rng, t: Floats) -> Floats:
    """Exponential approach to an offset in a power of the size."""
    e, rate = rng.beta(3, 3), rng.uniform(0.05, 0.8)
    return np.log(e + (1 - e) * np.exp(-rate * (np.exp(rng.uniform(0.1, 0.4) * t) - 1)))


def _steps(rng: Rng, t: Floats) -> Floats:
    """Several skills, each learnt around a size of its own."""
    at, parts = rng.uniform(-2, t[-1] + 3, 6), rng.dirichlet(np.full(7, 1.5))
    learnt = 1 / (1 + np.exp(-rng.uniform(0.7, 2) * (t[:, None] - at)))
    z = np.log(1.001 - learnt @ parts[:6])
    return z - z[0]


def _wavy(rng: Rng, t: Floats) -> Floats:
    """A power law with slow waves about it."""
    waves = rng.uniform(0.01, 0.04) * np.sin(rng.uniform(0.5, 2) * t + rng.uniform(0, 6.3))
    return _power(rng, t) + waves


def _counted(rng: Rng, t: Floats) -> Floats:
    """About as many thousands of test images as scores are usually of."""
    return rng.normal(size=len(t)) / np.sqrt(np.exp(rng.uniform(np.log(1e3), np.log(2e4))))


OTHERS = {
    "straight": World(_straight, _even),
    "two laws": World(_two_laws, _counted),
    "logistic": World(_logistic, _counted),
    "stretched": World(_stretched, _even),
    "skills": World(_steps, _even),
    "waves": World(_wavy, _counted),
    "two laws, correlated noise": World(_two_laws, _alike),
    "logistic, heavy tails": World(_logistic, _heavy),
}  # fmt: skip
"""Worlds of other kinds; constants were compared on them too, but none was fitted."""


def curve(world: str, seed: int) -> tuple[Floats, Floats]:
    """Sizes and errors [n] of one curve."""
    made = (WORLDS | OTHERS)[world]
    rng = np.random.default_rng([seed, *world.encode()])
    n, span = int(rng.integers(20, 46)), np.log(10) * rng.uniform(1.3, 2.8)
    spacing = rng.choice([1.0, rng.uniform(1.0, 3.0)], p=[0.35, 0.65])
    t = span * (1 - (1 - np.linspace(0, 1, n)) ** spacing)
    z = np.log(rng.uniform(0.4, 0.95)) + made.fall(rng, t) + made.noise(rng, t)
    return 1e6 * np.exp(t), np.minimum(np.exp(z), 0.999)


class Split(NamedTuple):
    """What is seen of a curve and what is predicted: places of its sizes."""

    seen: NDArray[np.intp]
    ahead: NDArray[np.intp]


def splits(sizes: Floats, seed: int = 0) -> dict[str, Split]:
    """What is hidden: half or three tenths of the sizes, or those above half of the largest.

    Then with six sizes seen, and the others up to two or eight times as large as they.
    """
    n = len(sizes)
    half = int(np.searchsorted(sizes, sizes[-1] / 2, "right"))
    first = (int(0.5 * n), int(0.7 * n), half)[seed % 3]
    found = {"whole": Split(np.arange(first), np.arange(first, n))}
    for name, ratio in (("six", 2.0), ("six, eight times ahead", 8.0)):
        near = np.flatnonzero(sizes <= sizes[-1] / ratio * 1.0001)
        if len(near) >= 6:
            seen = near[np.unique(np.round(np.linspace(0, len(near) - 1, 6)).astype(int))]
            found[name] = Split(seen, np.arange(near[-1] + 1, n))
    return found
