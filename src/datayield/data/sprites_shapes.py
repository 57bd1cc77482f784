"""Ten outlines and six fills of sprites, as functions of the plane.

An outline is a signed distance (or a bound of it) in radii, negative inside; x points right and y
up. Each has one axis of symmetry, upright, so that its orientation is defined.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Field = Callable[[Plane, Plane], Plane]


def _disc(x: Plane, y: Plane, cx: float, cy: float, r: float) -> Plane:
    return np.sqrt((x - cx) ** 2 + (y - cy) ** 2) - r


def _box(x: Plane, y: Plane, left: float, right: float, low: float, high: float) -> Plane:
    across = np.maximum(left - x, x - right)
    return np.maximum(across, np.maximum(low - y, y - high))


def _wedge(x: Plane, y: Plane, tip: float, slope: float) -> Plane:
    """Below two lines that meet at (0, tip) and fall by `slope` per unit of |x|."""
    return (y - tip + slope * np.abs(x)) * np.float32(1 / np.hypot(1, slope))


def _triangle(x: Plane, y: Plane) -> Plane:
    return np.maximum(_wedge(x, y, 1.0, 2.1), -0.75 - y)


def _heart(x: Plane, y: Plane) -> Plane:
    lobes = _disc(np.abs(x), y, 0.42, 0.3, 0.5)
    tip = np.maximum(np.abs(x) * 0.72 - (y + 0.95) * 0.69, y - 0.3)
    return np.minimum(lobes, tip)


def _crescent(x: Plane, y: Plane) -> Plane:
    return np.maximum(_disc(x, y, 0, -0.1, 0.9), -_disc(x, y, 0, 0.4, 0.72))


def _drop(x: Plane, y: Plane) -> Plane:
    return np.minimum(_disc(x, y, 0, -0.35, 0.6), np.maximum(_wedge(x, y, 1.0, 2.0), -0.1 - y))


def _arrow(x: Plane, y: Plane) -> Plane:
    head = np.maximum(_wedge(x, y, 1.0, 1.15), 0.02 - y)
    return np.minimum(head, _box(x, y, -0.27, 0.27, -0.95, 0.1))


def _dome(x: Plane, y: Plane) -> Plane:
    return np.maximum(_disc(x, y, 0, -0.45, 0.98), -0.45 - y)


def _tee(x: Plane, y: Plane) -> Plane:
    return np.minimum(_box(x, y, -0.85, 0.85, 0.3, 0.8), _box(x, y, -0.26, 0.26, -0.9, 0.4))


def _mouth(x: Plane, y: Plane) -> Plane:
    """A disc with a wedge bitten out of its top."""
    bite = (np.abs(x) - 0.85 * (y + 0.1)) * np.float32(1 / np.hypot(1, 0.85))
    return np.maximum(_disc(x, y, 0, 0, 0.88), -bite)


def _cup(x: Plane, y: Plane) -> Plane:
    return np.maximum(_box(x, y, -0.78, 0.78, -0.75, 0.75), -_box(x, y, -0.36, 0.36, -0.3, 2.0))


def _fish(x: Plane, y: Plane) -> Plane:
    body = np.maximum(_disc(x, y, 0.55, 0.3, 1.0), _disc(x, y, -0.55, 0.3, 1.0))
    tail = np.maximum(_wedge(x, y, -0.25, 1.1), -0.95 - y)
    return np.minimum(body, tail)


SHAPES: dict[str, Field] = {
    "triangle": _triangle,
    "heart": _heart,
    "crescent": _crescent,
    "drop": _drop,
    "arrow": _arrow,
    "dome": _dome,
    "tee": _tee,
    "mouth": _mouth,
    "cup": _cup,
    "fish": _fish,
}


def _plain(x: Plane, y: Plane) -> Plane:
    return np.zeros_like(x)


def _stripes(x: Plane, y: Plane) -> Plane:
    return _crisp(np.sin(x))


def _checks(x: Plane, y: Plane) -> Plane:
    return _crisp(2 * np.sin(0.75 * x) * np.sin(0.75 * y))


def _dots(x: Plane, y: Plane) -> Plane:
    return _crisp(1.2 * (np.cos(x) + np.cos(y)) - 0.9)


def _gradient(x: Plane, y: Plane) -> Plane:
    return np.clip(0.5 + 0.055 * x, 0, 1)


def _rings(x: Plane, y: Plane) -> Plane:
    return _crisp(np.cos(np.sqrt(x * x + y * y)))


FILLS: dict[str, Field] = {  # phase of x and y in radians -> share of the second colour
    "plain": _plain,
    "stripes": _stripes,
    "checks": _checks,
    "dots": _dots,
    "gradient": _gradient,
    "rings": _rings,
}


def _crisp(wave: Plane) -> Plane:
    return np.clip(0.5 + 1.2 * wave, 0, 1)
