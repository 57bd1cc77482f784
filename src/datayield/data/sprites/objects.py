"""The objects of sprites: shapes, positions and colours."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datayield.data.source import Labels
from datayield.data.sprites.random_draws import BLOCK, Floats32, angle, rgb, uniform
from datayield.data.sprites.shapes import FILLS, SHAPES

OBJECTS = 5


@dataclass(frozen=True)
class Objects:
    """Per object [B, OBJECTS], back to front; lengths are shares of the image's side."""

    there: NDArray[np.bool_]
    shape: Labels
    fill: Labels
    x: Floats32
    y: Floats32
    radius: Floats32
    turn: Floats32  # radians, anticlockwise
    fill_turn: Floats32
    period: Floats32  # of the fill, in radii
    outline: Floats32  # darkness of the rim, 0 to 1
    colours: Floats32  # [B, OBJECTS, 2, 3]


def make_objects(
    rng: np.random.Generator, labels: dict[str, Labels], ground: Floats32, shift: float
) -> Objects:
    """The main object given by `labels`, and up to four smaller random ones, on `ground` [B, 3]."""
    every = (BLOCK, OBJECTS)
    shape, fill = rng.integers(len(SHAPES), size=every), rng.integers(len(FILLS), size=every)
    turn = angle(uniform(rng, *every))
    shape[:, 0], fill[:, 0] = labels["category"], labels["texture"]
    turn[:, 0] = (labels["orientation"] + 0.8 * (uniform(rng, BLOCK) - 0.5)) * (np.pi / 4)
    radius = 0.25 + 0.09 * uniform(rng, *every)
    radius[:, 1:] = radius[:, :1] * (0.38 + 0.2 * uniform(rng, BLOCK, OBJECTS - 1))
    x, y = _places(rng, labels["position"], radius)
    u = uniform(rng, *every, 3)
    there = np.arange(OBJECTS) <= labels["count"][:, None]
    drawn = Objects(
        there=there,
        shape=shape,
        fill=fill,
        x=x,
        y=y,
        radius=radius,
        turn=turn,
        fill_turn=angle(u[..., 0]),
        period=((0.55 + 0.3 * u[..., 1]) / (1 + 0.35 * shift)).astype(np.float32),
        outline=np.clip(1.6 * u[..., 2] - 0.8, 0, 0.8),
        colours=_object_colours(rng, ground, shift),
    )
    order = np.argsort(uniform(rng, *every), axis=1)  # back to front
    rows = np.arange(BLOCK)[:, None]
    return Objects(**{name: column[rows, order] for name, column in vars(drawn).items()})


def _places(
    rng: np.random.Generator, position: Labels, radius: Floats32
) -> tuple[Floats32, Floats32]:
    """Centres [B, OBJECTS]: the main one in its cell, others where they hide little of another."""
    inside = 0.1 + 0.8 * uniform(rng, BLOCK, 2)
    cell = np.stack([position % 3, position // 3], 1)
    centres = np.zeros((BLOCK, OBJECTS, 2), np.float32)
    centres[:, 0] = 0.24 + 0.52 * (cell + inside) / 3
    for k in range(1, OBJECTS):
        tried = 0.08 + 0.84 * uniform(rng, BLOCK, 8, 2)
        apart = np.linalg.norm(tried[:, :, None] - centres[:, None, :k], axis=-1)
        free = (apart / (radius[:, None, :k] + radius[:, None, k : k + 1])).min(axis=-1)
        best = np.minimum(free, 0.8).argmax(axis=1)  # the first that overlaps little enough
        centres[:, k] = tried[np.arange(BLOCK), best]
    return centres[..., 0], centres[..., 1]


def _object_colours(rng: np.random.Generator, ground: Floats32, shift: float) -> Floats32:
    """Two colours [B, OBJECTS, 2, 3]: the first unlike the ground, the second unlike the first."""
    u = uniform(rng, BLOCK, OBJECTS, 3, 3)
    hue = 0.05 + 0.7 * (u[..., 0] - 0.5) + 0.45 * shift
    tried = rgb(hue, 0.5 + 0.5 * u[..., 1], 0.25 + 0.75 * u[..., 2])  # [B, OBJECTS, 3, 3]
    far = np.minimum(np.abs(tried - ground[:, None, None]).sum(axis=-1), 0.7).argmax(axis=2)
    rows, columns = np.ogrid[:BLOCK, :OBJECTS]
    first = tried[rows, columns, far]
    v = uniform(rng, BLOCK, OBJECTS, 3)
    darker = (first @ np.array([0.3, 0.59, 0.11], np.float32) > 0.45)[..., None]
    tint = 0.2 * rgb(v[..., 0], np.ones_like(hue[..., 0]), v[..., 1])
    towards = np.where(darker, tint, 1 - tint)
    second = first + (0.5 + 0.25 * v[..., 2:]) * (towards - first)
    return np.stack([first, second], axis=2)
