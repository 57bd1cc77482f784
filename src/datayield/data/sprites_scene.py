"""What is in each sprite image: labels, objects, colours, light, clutter. No pixels yet.

Every quantity is drawn for a whole block at once, in a fixed order, and `shift` only transforms
what was drawn: the same image under another shift holds the same objects in the same places.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datayield.data.source import Labels
from datayield.data.sprites_shapes import FILLS, SHAPES

Floats = NDArray[np.float32]

BLOCK = 256
OBJECTS = 5
STROKES = 12
STREAM = 0x73707269746573  # "sprites"
CLASSES: dict[str, tuple[str, ...]] = {
    "category": tuple(SHAPES),
    "texture": tuple(FILLS),
    "count": tuple(str(i + 1) for i in range(OBJECTS)),
    "position": tuple(
        f"{y} {x}" for y in ("top", "middle", "bottom") for x in "left centre right".split()
    ),
    "orientation": tuple(f"{45 * i} degrees" for i in range(8)),
}


@dataclass(frozen=True)
class Objects:
    """Per object [B, OBJECTS], back to front; lengths are shares of the image's side."""

    there: NDArray[np.bool_]
    shape: Labels
    fill: Labels
    x: Floats
    y: Floats
    radius: Floats
    turn: Floats  # radians, anticlockwise
    fill_turn: Floats
    period: Floats  # of the fill, in radii
    outline: Floats  # darkness of the rim, 0 to 1
    colours: Floats  # [B, OBJECTS, 2, 3]


@dataclass(frozen=True)
class Strokes:
    """Clutter [B, STROKES]: thin lines and dots. Those with `front` lie over the objects."""

    there: NDArray[np.bool_]
    front: NDArray[np.bool_]
    x: Floats
    y: Floats
    turn: Floats
    length: Floats
    width: Floats
    colours: Floats  # [B, STROKES, 3]


@dataclass(frozen=True)
class Backdrop:
    """Ground, light and camera, per image [B]."""

    colours: Floats  # [B, 2, 3]: a gradient from one to the other
    turn: Floats
    wave: Floats  # [B, 3]: height, cycles per side, phase of a grating
    wave_turn: Floats
    rough: Floats  # [B, 3]: heights of three octaves of smooth noise
    light: Floats
    light_turn: Floats
    contrast: Floats
    noise: Floats  # standard deviation of the camera's noise


@dataclass(frozen=True)
class Scene:
    """A block of 256 images; `rng` goes on to draw what lives on the grid of pixels."""

    objects: Objects
    strokes: Strokes
    backdrop: Backdrop
    rng: np.random.Generator


def label_block(split: int, block: int) -> dict[str, Labels]:
    """Labels of one block: name -> [256]. Each is balanced and independent of the others."""
    rng = np.random.Generator(np.random.PCG64([STREAM, split, block, 1]))
    return {
        name: (rng.permutation(BLOCK) + rng.integers(len(classes))) % len(classes)
        for name, classes in CLASSES.items()
    }


def scene_block(split: int, block: int, shift: float) -> Scene:
    """All that one block shows."""
    rng = np.random.Generator(np.random.PCG64([STREAM, split, block, 2]))
    labels = label_block(split, block)
    backdrop = _backdrop(rng, shift)
    objects = _objects(rng, labels, backdrop, shift)
    return Scene(objects, _strokes(rng, shift), backdrop, rng)


def _backdrop(rng: np.random.Generator, shift: float) -> Backdrop:
    u = _uniform(rng, BLOCK, 14)
    hue = 0.55 + 0.5 * (_uniform(rng, BLOCK, 2) - 0.5) + 0.45 * shift
    colours = rgb(hue, 0.1 + 0.6 * _uniform(rng, BLOCK, 2), 0.2 + 0.65 * _uniform(rng, BLOCK, 2))
    grating = np.where(u[:, 0] < 0.5, 0.0, 0.04 + 0.1 * u[:, 1])
    cycles = (2 + 5 * u[:, 2]) * (1 + 0.8 * shift)
    octaves = np.array([1 - 0.4 * shift, 0.7, 0.3 + 0.5 * shift])
    return Backdrop(
        colours=colours,
        turn=_angle(u[:, 3]),
        wave=np.stack([grating, cycles, _angle(u[:, 4])], 1).astype(np.float32),
        wave_turn=_angle(u[:, 5]),
        rough=(0.2 * u[:, 6:9] * octaves).astype(np.float32),
        light=0.45 * u[:, 9],
        light_turn=_angle(u[:, 10]),
        contrast=((0.75 + 0.35 * u[:, 11]) * (1 - 0.45 * shift)).astype(np.float32),
        noise=(0.005 + 0.04 * u[:, 12] ** 2).astype(np.float32),
    )


def _objects(
    rng: np.random.Generator, labels: dict[str, Labels], backdrop: Backdrop, shift: float
) -> Objects:
    every = (BLOCK, OBJECTS)
    shape, fill = rng.integers(len(SHAPES), size=every), rng.integers(len(FILLS), size=every)
    turn = _angle(_uniform(rng, *every))
    shape[:, 0], fill[:, 0] = labels["category"], labels["texture"]
    turn[:, 0] = (labels["orientation"] + 0.8 * (_uniform(rng, BLOCK) - 0.5)) * (np.pi / 4)
    radius = 0.21 + 0.09 * _uniform(rng, *every)
    radius[:, 1:] = radius[:, :1] * (0.45 + 0.27 * _uniform(rng, BLOCK, OBJECTS - 1))
    x, y = _places(rng, labels["position"], radius)
    u = _uniform(rng, *every, 3)
    there = np.arange(OBJECTS) <= labels["count"][:, None]
    found = Objects(
        there=there,
        shape=shape,
        fill=fill,
        x=x,
        y=y,
        radius=radius,
        turn=turn,
        fill_turn=_angle(u[..., 0]),
        period=((0.55 + 0.3 * u[..., 1]) / (1 + 0.35 * shift)).astype(np.float32),
        outline=np.clip(1.6 * u[..., 2] - 0.8, 0, 0.8),
        colours=_object_colours(rng, backdrop, shift),
    )
    order = np.argsort(_uniform(rng, *every), axis=1)  # back to front
    rows = np.arange(BLOCK)[:, None]
    return Objects(**{name: column[rows, order] for name, column in vars(found).items()})


def _places(rng: np.random.Generator, position: Labels, radius: Floats) -> tuple[Floats, Floats]:
    """Centres [B, OBJECTS]: the main one in its cell, others where they hide little of another."""
    inside = 0.1 + 0.8 * _uniform(rng, BLOCK, 2)
    cell = np.stack([position % 3, position // 3], 1)
    centres = np.zeros((BLOCK, OBJECTS, 2), np.float32)
    centres[:, 0] = 0.2 + 0.6 * (cell + inside) / 3
    for k in range(1, OBJECTS):
        tried = 0.08 + 0.84 * _uniform(rng, BLOCK, 8, 2)
        apart = np.linalg.norm(tried[:, :, None] - centres[:, None, :k], axis=-1)
        free = (apart / (radius[:, None, :k] + radius[:, None, k : k + 1])).min(axis=-1)
        best = np.minimum(free, 0.8).argmax(axis=1)  # the first that overlaps little enough
        centres[:, k] = tried[np.arange(BLOCK), best]
    return centres[..., 0], centres[..., 1]


def _object_colours(rng: np.random.Generator, backdrop: Backdrop, shift: float) -> Floats:
    """Two colours [B, OBJECTS, 2, 3]: the first unlike the ground, the second unlike the first."""
    u = _uniform(rng, BLOCK, OBJECTS, 3, 3)
    hue = 0.05 + 0.7 * (u[..., 0] - 0.5) + 0.45 * shift
    tried = rgb(hue, 0.35 + 0.6 * u[..., 1], 0.25 + 0.75 * u[..., 2])  # [B, OBJECTS, 3, 3]
    ground = backdrop.colours.mean(axis=1)[:, None, None]
    far = np.minimum(np.abs(tried - ground).sum(axis=-1), 0.7).argmax(axis=2)
    rows, columns = np.ogrid[:BLOCK, :OBJECTS]
    first = tried[rows, columns, far]
    v = _uniform(rng, BLOCK, OBJECTS, 3)
    luma = first @ np.array([0.3, 0.59, 0.11], np.float32)
    value = np.where(luma > 0.45, 0.05 + 0.2 * v[..., 0], 0.85 + 0.15 * v[..., 0])
    second = rgb(hue[..., 0] + 0.5 * v[..., 1], 0.1 + 0.5 * v[..., 2], value)
    return np.stack([first, second], axis=2)


def _strokes(rng: np.random.Generator, shift: float) -> Strokes:
    every = (BLOCK, STROKES)
    u = _uniform(rng, *every, 5)
    amount = _uniform(rng, BLOCK) * (5 + 4 * shift) + 3 * shift
    colours = rgb(_uniform(rng, *every), 0.6 * _uniform(rng, *every), _uniform(rng, *every))
    return Strokes(
        there=np.arange(STROKES) < amount[:, None],
        front=np.broadcast_to(np.arange(STROKES) % 4 == 3, every),
        x=u[..., 0],
        y=u[..., 1],
        turn=_angle(u[..., 2]),
        length=np.maximum(0, 0.45 * u[..., 3] - 0.1),
        width=0.014 + 0.014 * u[..., 4],
        colours=colours,
    )


def rgb(hue: Floats, saturation: Floats, value: Floats) -> Floats:
    """HSV [...] -> RGB [..., 3]; hue in turns, wrapped."""
    offset = np.array([5, 3, 1], np.float32)
    k = (offset + 6 * np.asarray(hue, np.float32)[..., None]) % 6
    part = np.clip(np.minimum(k, 4 - k), 0, 1)
    return (value[..., None] * (1 - saturation[..., None] * part)).astype(np.float32)


def _uniform(rng: np.random.Generator, *shape: int) -> Floats:
    return rng.random(shape, np.float32)


def _angle(share: Floats) -> Floats:
    return share * np.float32(2 * np.pi)
