"""Ten outlines and six fills of sprites, as functions of the plane.

An outline is a signed distance (or a bound of it) in radii, negative inside; x points right and y
up. Each has one axis of symmetry, upright, so that its orientation is defined.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Field = Callable[[Plane, Plane], Plane]


def _union(a: Plane, b: Plane) -> Plane:
    either: Plane = np.minimum(a, b)
    return either


def _common(a: Plane, b: Plane) -> Plane:
    both: Plane = np.maximum(a, b)
    return both


def _disc(x: Plane, y: Plane, cx: float, cy: float, r: float) -> Plane:
    away: Plane = np.sqrt((x - np.float32(cx)) ** 2 + (y - np.float32(cy)) ** 2)
    return away - np.float32(r)


def _box(x: Plane, y: Plane, half: float, low: float, high: float) -> Plane:
    return _common(np.abs(x) - np.float32(half), _common(np.float32(low) - y, y - np.float32(high)))


def _wedge(x: Plane, y: Plane, tip: float, slope: float) -> Plane:
    """Below two lines that meet at (0, tip) and fall by `slope` per unit of |x|."""
    slant: Plane = np.abs(x) * np.float32(slope)
    return (slant + y - np.float32(tip)) / np.float32(np.hypot(1, slope))


def _above(y: Plane, low: float) -> Plane:
    return np.float32(low) - y


def _triangle(x: Plane, y: Plane) -> Plane:
    return _common(_wedge(x, y, 1.0, 2.1), _above(y, -0.75))


def _heart(x: Plane, y: Plane) -> Plane:
    tip = _common(_wedge(x, -y, 0.95, 1.04), y - np.float32(0.3))
    return _union(_disc(np.abs(x), y, 0.42, 0.3, 0.5), tip)


def _crescent(x: Plane, y: Plane) -> Plane:
    return _common(_disc(x, y, 0, -0.1, 0.9), -_disc(x, y, 0, 0.4, 0.72))


def _drop(x: Plane, y: Plane) -> Plane:
    return _union(_disc(x, y, 0, -0.35, 0.6), _common(_wedge(x, y, 1.0, 2.0), _above(y, -0.1)))


def _arrow(x: Plane, y: Plane) -> Plane:
    head = _common(_wedge(x, y, 1.0, 1.15), _above(y, 0.02))
    return _union(head, _box(x, y, 0.27, -0.95, 0.1))


def _dome(x: Plane, y: Plane) -> Plane:
    return _common(_disc(x, y, 0, -0.45, 0.98), _above(y, -0.45))


def _tee(x: Plane, y: Plane) -> Plane:
    return _union(_box(x, y, 0.85, 0.3, 0.8), _box(x, y, 0.26, -0.9, 0.4))


def _mouth(x: Plane, y: Plane) -> Plane:
    """A disc with a wedge bitten out of its top."""
    return _common(_disc(x, y, 0, 0, 0.88), -_wedge(x, -y, 0.1, 1.18))


def _cup(x: Plane, y: Plane) -> Plane:
    return _common(_box(x, y, 0.78, -0.75, 0.75), -_box(x, y, 0.36, -0.3, 2.0))


def _fish(x: Plane, y: Plane) -> Plane:
    body = _disc(-np.abs(x), y, 0.55, 0.3, 1.0)
    return _union(body, _common(_wedge(x, y, -0.25, 1.1), _above(y, -0.95)))


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
    quick = np.float32(0.75)
    return _crisp(np.sin(quick * x) * np.sin(quick * y) * np.float32(2))


def _dots(x: Plane, y: Plane) -> Plane:
    return _crisp((np.cos(x) + np.cos(y)) * np.float32(1.2) - np.float32(0.9))


def _gradient(x: Plane, y: Plane) -> Plane:
    return _crisp(x * np.float32(0.046))


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
    share: Plane = np.clip(np.float32(0.5) + np.float32(1.2) * wave, 0, 1)
    return share
