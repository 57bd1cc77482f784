"""From a scene to pixels, many images at once."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from datayield.data.source import Pixels
from datayield.data.sprites.background import Backdrop, Strokes
from datayield.data.sprites.objects import Objects
from datayield.data.sprites.random_draws import BLOCK, Floats32
from datayield.data.sprites.scene import SpriteScene, scene_block
from datayield.data.sprites.shapes import FILLS, SHAPES, Field

Parts = TypeVar("Parts", Backdrop, Objects, Strokes)

AT_ONCE = 1 << 16  # pixels per plane and pass: keeps the working set in the cache
OCTAVES = (4, 9, 17)  # nodes per side of the smooth noise


def draw(split: int, block: int, size: int, shift: float, clutter: float) -> Pixels:
    """The images [256, size, size, 3] of one block."""
    scene = scene_block(split, block, shift, clutter)
    rows = max(1, AT_ONCE // size**2)
    parts = [_draw(scene, np.arange(a, min(a + rows, BLOCK)), size) for a in range(0, BLOCK, rows)]
    return np.concatenate(parts)


def _draw(scene: SpriteScene, rows: NDArray[np.int64], size: int) -> Pixels:
    x, y = _grid(size)
    canvas = _ground(_rows(scene.backdrop, rows), scene.rng, x, y)
    strokes, objects = _rows(scene.strokes, rows), _rows(scene.objects, rows)
    light = _rows(scene.backdrop, rows)
    _lay_strokes(canvas, strokes, strokes.there & ~strokes.front, x, y)
    _lay_objects(canvas, objects, light.light_turn, x, y)
    _lay_strokes(canvas, strokes, strokes.there & strokes.front, x, y)
    return _photograph(canvas, light, scene.rng, x, y)


def _ground(b: Backdrop, rng: np.random.Generator, x: Floats32, y: Floats32) -> Floats32:
    """A gradient, a grating and smooth noise: [B, 3, S, S]."""
    blend = np.clip(0.5 + 0.7 * _along(b.turn, x, y), 0, 1)[:, None]
    first, second = (b.colours[:, i, :, None, None] for i in (0, 1))
    height, cycles, phase = b.wave.T[..., None, None]
    wave = height * np.sin(np.float32(2 * np.pi) * cycles * _along(b.wave_turn, x, y) + phase)
    canvas: Floats32 = first + blend * (second - first) + wave[:, None]
    for octave, nodes in enumerate(OCTAVES):
        grey = rng.standard_normal((len(blend), 1, nodes, nodes), np.float32)
        tint = rng.standard_normal((len(blend), 3, nodes, nodes), np.float32)
        grid = b.rough[:, octave, None, None, None] * (0.8 * grey + 0.45 * tint)
        weights = _smooth(nodes, len(y))
        canvas += weights @ grid @ weights.T
    return canvas


def _lay_strokes(
    canvas: Floats32, strokes: Strokes, there: NDArray[np.bool_], x: Floats32, y: Floats32
) -> None:
    for k in range(there.shape[1]):
        b = np.flatnonzero(there[:, k])
        if not len(b):
            continue
        dx, dy = x - _cells(strokes.x[b, k]), y - _cells(strokes.y[b, k])
        turn, half = strokes.turn[b, k], _cells(strokes.length[b, k]) / 2
        beyond = np.maximum(np.abs(_along(turn, dx, dy)) - half, 0)
        lateral = _along(turn + np.float32(np.pi / 2), dx, dy)
        away = np.sqrt(beyond * beyond + lateral * lateral) - _cells(strokes.width[b, k])
        cover = np.clip(0.5 - away * len(y), 0, 1)[:, None]
        _lay(canvas, b, cover, strokes.colours[b, k, :, None, None])


def _lay_objects(
    canvas: Floats32, o: Objects, light_turn: Floats32, x: Floats32, y: Floats32
) -> None:
    for k in range(o.there.shape[1]):
        b = np.flatnonzero(o.there[:, k])
        if not len(b):
            continue
        radius = _cells(o.radius[b, k])
        dx, dy = (x - _cells(o.x[b, k])) / radius, (_cells(o.y[b, k]) - y) / radius  # y up
        turn = o.turn[b, k]
        across, up = _along(turn, dx, dy), _along(turn + np.float32(np.pi / 2), dx, dy)
        away = _each(SHAPES, o.shape[b, k], across, up) * (radius * len(y))  # in pixels
        cover = np.clip(0.5 - away, 0, 1)[:, None]
        rim = 1 - _cells(o.outline[b, k]) * np.clip(1 + 0.7 * away, 0, 1)
        shade = rim * (1 + 0.2 * np.clip(_along(light_turn[b], dx, -dy), -1, 1))
        first, second = (o.colours[b, k, i, :, None, None] for i in (0, 1))
        paint = _filled(o, b, k, dx, dy, len(y))[:, None] * (second - first)
        paint += first
        paint *= shade[:, None]
        _lay(canvas, b, cover, paint)


def _lay(canvas: Floats32, b: NDArray[np.int64], cover: Floats32, paint: Floats32) -> None:
    under = canvas[b]
    above = paint - under
    above *= cover
    under += above
    canvas[b] = under


def _filled(
    o: Objects, b: NDArray[np.int64], k: int, dx: Floats32, dy: Floats32, size: int
) -> Floats32:
    """Share of the second colour [M, S, S]; no wave is shorter than the grid can show."""
    period = np.maximum(o.period[b, k], 3.2 / (o.radius[b, k] * size)).astype(np.float32)
    rate = _cells(np.float32(2 * np.pi) / period)
    turn = o.fill_turn[b, k]
    u, v = _along(turn, dx, dy) * rate, _along(turn + np.float32(np.pi / 2), dx, dy) * rate
    return _each(FILLS, o.fill[b, k], u, v)


def _photograph(
    canvas: Floats32, b: Backdrop, rng: np.random.Generator, x: Floats32, y: Floats32
) -> Pixels:
    canvas *= (b.contrast[:, None, None] * (1 + _cells(b.light) * _along(b.light_turn, x, y)))[
        :, None
    ]
    canvas += (0.5 - 0.5 * b.contrast)[:, None, None, None]
    grain = rng.standard_normal((len(canvas), len(y), len(y)), np.float32)
    canvas += (grain * _cells(b.noise))[:, None]
    canvas *= 255
    canvas += 0.5
    pixels = np.clip(canvas, 0, 255, out=canvas).astype(np.uint8)
    return np.ascontiguousarray(pixels.transpose(0, 2, 3, 1))


def _each(fields: dict[str, Field], kinds: NDArray[np.int64], u: Floats32, v: Floats32) -> Floats32:
    """The field of each of M planes, evaluated on it: [M, S, S]."""
    out = np.empty_like(u)
    for kind, field in enumerate(fields.values()):
        rows = np.flatnonzero(kinds == kind)
        if len(rows):
            out[rows] = field(u[rows], v[rows])
    return out


def _grid(size: int) -> tuple[Floats32, Floats32]:
    """Pixel centres as fractions of the side: x [1, S], y [S, 1], y down."""
    axis = ((np.arange(size) + 0.5) / size).astype(np.float32)
    return axis[None, :], axis[:, None]


def _along(turn: Floats32, x: Floats32, y: Floats32) -> Floats32:
    """Coordinate along the direction `turn` [M] of a plane: [M, S, S]."""
    return _cells(np.cos(turn)) * x + _cells(np.sin(turn)) * y


def _cells(values: Floats32) -> Floats32:
    return values[:, None, None]


def _smooth(nodes: int, size: int) -> Floats32:
    """Weights [size, nodes] that interpolate between nodes without kinks."""
    at = (np.arange(size) + 0.5) / size * (nodes - 1)
    left = np.minimum(at.astype(int), nodes - 2)
    share = at - left
    share = share * share * (3 - 2 * share)
    weights = np.zeros((size, nodes), np.float32)
    weights[np.arange(size), left] = 1 - share
    weights[np.arange(size), left + 1] = share
    return weights


def _rows(table: Parts, rows: NDArray[np.int64]) -> Parts:
    return type(table)(**{name: column[rows] for name, column in vars(table).items()})
