"""Random draws for a whole block of sprites at once, and colours."""

import numpy as np
from numpy.typing import NDArray

Floats32 = NDArray[np.float32]
BLOCK = 256  # images drawn together


def rgb(hue: Floats32, saturation: Floats32, value: Floats32) -> Floats32:
    """HSV [...] -> RGB [..., 3]; hue in turns, wrapped."""
    offset = np.array([5, 3, 1], np.float32)
    k = (offset + 6 * np.asarray(hue, np.float32)[..., None]) % 6
    part = np.clip(np.minimum(k, 4 - k), 0, 1)
    colours: Floats32 = (value[..., None] * (1 - saturation[..., None] * part)).astype(np.float32)
    return colours


def uniform(rng: np.random.Generator, *shape: int) -> Floats32:
    """Draws from [0, 1)."""
    return rng.random(shape, np.float32)


def angle(share: Floats32) -> Floats32:
    """Fractions of a turn in radians."""
    return share * np.float32(2 * np.pi)
