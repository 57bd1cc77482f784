"""Everything in a sprite image that is not an object: ground, clutter, light and camera."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datayield.data.sprites.random_draws import BLOCK, Floats32, angle, rgb, uniform

STROKES = 12


@dataclass(frozen=True)
class Backdrop:
    """Ground, light and camera, per image [B]."""

    colours: Floats32  # [B, 2, 3]: a gradient from one to the other
    turn: Floats32
    wave: Floats32  # [B, 3]: height, cycles per side, phase of a grating
    wave_turn: Floats32
    rough: Floats32  # [B, 3]: heights of three octaves of smooth noise
    light: Floats32
    light_turn: Floats32
    contrast: Floats32
    noise: Floats32  # standard deviation of the camera's noise


@dataclass(frozen=True)
class Strokes:
    """Clutter [B, STROKES]: thin lines and dots. Those with `front` lie over the objects."""

    there: NDArray[np.bool_]
    front: NDArray[np.bool_]
    x: Floats32
    y: Floats32
    turn: Floats32
    length: Floats32
    width: Floats32
    colours: Floats32  # [B, STROKES, 3]


def make_backdrop(rng: np.random.Generator, shift: float, clutter: float) -> Backdrop:
    """Ground and light. `shift` rotates hues, raises the frequency of waves and noise, and lowers
    contrast.

    `clutter` scales the heights of waves and noise: at 0 the ground is a plain gradient.
    """
    u = uniform(rng, BLOCK, 14)
    hue = 0.55 + 0.5 * (uniform(rng, BLOCK, 2) - 0.5) + 0.45 * shift
    colours = rgb(hue, 0.05 + 0.45 * uniform(rng, BLOCK, 2), 0.2 + 0.65 * uniform(rng, BLOCK, 2))
    grating = np.where(u[:, 0] < 0.5, 0.0, 0.03 + 0.07 * u[:, 1])
    cycles = (2 + 5 * u[:, 2]) * (1 + 0.8 * shift)
    octaves = np.array([1 - 0.4 * shift, 0.7, 0.3 + 0.5 * shift])
    return Backdrop(
        colours=colours,
        turn=angle(u[:, 3]),
        wave=np.stack([clutter * grating, cycles, angle(u[:, 4])], 1).astype(np.float32),
        wave_turn=angle(u[:, 5]),
        rough=(clutter * 0.14 * u[:, 6:9] * octaves).astype(np.float32),
        light=0.45 * u[:, 9],
        light_turn=angle(u[:, 10]),
        contrast=((0.75 + 0.35 * u[:, 11]) * (1 - 0.45 * shift)).astype(np.float32),
        noise=(0.005 + clutter * 0.04 * u[:, 12] ** 2).astype(np.float32),
    )


def make_strokes(rng: np.random.Generator, shift: float, clutter: float) -> Strokes:
    """0 to 4 strokes per image; at `shift` 1, 3 to 11; scaled by `clutter`."""
    every = (BLOCK, STROKES)
    u = uniform(rng, *every, 5)
    amount = clutter * (uniform(rng, BLOCK) * (4 + 4 * shift) + 3 * shift)
    colours = rgb(uniform(rng, *every), 0.6 * uniform(rng, *every), uniform(rng, *every))
    return Strokes(
        there=np.arange(STROKES) < amount[:, None],
        front=np.broadcast_to(np.arange(STROKES) % 4 == 3, every),
        x=u[..., 0],
        y=u[..., 1],
        turn=angle(u[..., 2]),
        length=np.maximum(0, 0.45 * u[..., 3] - 0.1),
        width=0.014 + 0.014 * u[..., 4],
        colours=colours,
    )
