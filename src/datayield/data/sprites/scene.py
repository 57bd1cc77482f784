"""The content of each sprite image: labels, objects, colours, light, clutter. No pixels yet.

Every quantity is drawn for a whole block at once, in a fixed order, and `shift` and `clutter` only
transform the draws: an image has the same objects in the same places at every value of them.
"""

from dataclasses import dataclass

import numpy as np

from datayield.data.source import Labels
from datayield.data.sprites.background import Backdrop, Strokes, make_backdrop, make_strokes
from datayield.data.sprites.objects import OBJECTS, Objects, make_objects
from datayield.data.sprites.random_draws import BLOCK
from datayield.data.sprites.shapes import FILLS, SHAPES

STREAM = 0x73707269746573  # "sprites"
CLASSES: dict[str, tuple[str, ...]] = {
    "category": tuple(SHAPES),
    "texture": tuple(FILLS),
    "count": tuple(str(i + 1) for i in range(OBJECTS)),
    "position": tuple(
        f"{y} {x}" for y in ("top", "middle", "bottom") for x in ("left", "centre", "right")
    ),
    "orientation": tuple(f"{45 * i} degrees" for i in range(8)),
}


@dataclass(frozen=True)
class SpriteScene:
    """A block of 256 images; `rng` continues with the draws on the pixel grid."""

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


def scene_block(split: int, block: int, shift: float, clutter: float) -> SpriteScene:
    """The content of one block."""
    rng = np.random.Generator(np.random.PCG64([STREAM, split, block, 2]))
    labels = label_block(split, block)
    backdrop = make_backdrop(rng, shift, clutter)
    objects = make_objects(rng, labels, backdrop.colours.mean(axis=1), shift)
    return SpriteScene(objects, make_strokes(rng, shift, clutter), backdrop, rng)
