"""Sprites: our own procedural world, with any number of images and exact labels.

Image i of a split depends on (split, i, options) alone, so a smaller set is a prefix of a larger.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import numpy as np

from datayield.data.census import Census
from datayield.data.content import Digests, numbered
from datayield.data.source import Labels, Pixels
from datayield.data.sprites.random_draws import BLOCK
from datayield.data.sprites.render import draw
from datayield.data.sprites.scene import CLASSES, label_block
from datayield.spec.errors import DataError
from datayield.spec.identity import digest
from datayield.spec.run import Listing

VERSION = 1  # bump when the same options give different images
SPLITS = ("train", "test")


@dataclass(frozen=True)
class SpritesOptions:
    """`n`, `n_test`: images in train and test. `size`: side in pixels. `shift`, `clutter`: 0 to 1.

    `shift` moves colours, textures and contrast away from the base world; `clutter` is how much
    ground texture, strokes and noise surround the objects.
    """

    n: int = 10_000
    n_test: int = 2_000
    size: int = 32
    shift: float = 0.0
    clutter: float = 1.0


DEFAULTS: dict[str, Any] = vars(SpritesOptions())
ALLOWED = {
    "n": (1, 10**9),
    "n_test": (1, 10**9),
    "size": (32, 512),
    "shift": (0.0, 1.0),
    "clutter": (0.0, 1.0),
}


def parse(query: str) -> SpritesOptions:
    """Options from `n=8192&shift=0.5`. Raises DataError for an unknown name or a bad value."""
    options = SpritesOptions()
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in DEFAULTS:
            raise DataError(
                "unknown sprites option", where=f"sprites?{query}", got=name, allowed=DEFAULTS
            )
        low, high = ALLOWED[name]
        try:
            number = type(DEFAULTS[name])(value)
        except ValueError:
            number = None
        if number is None or not low <= number <= high:
            raise DataError(
                f"invalid sprites {name}",
                where=f"sprites?{query}",
                got=value,
                allowed=f"{type(low).__name__} from {low} to {high}",
            )
        options = replace(options, **{name: number})
    return options


@dataclass(frozen=True)
class Sprites:
    """One split. Labels (all of the main, largest object but `count`): see `CLASSES`."""

    split: str
    options: SpritesOptions = SpritesOptions()

    def __len__(self) -> int:
        return self.options.n if self.split == "train" else self.options.n_test

    def listing(self) -> Listing:
        return Listing(self.stamp, len(self))

    @property
    def census(self) -> Census:
        return Census(len(self))

    @property
    def stamp(self) -> str:
        o = self.options
        drawn = {"size": o.size, "shift": o.shift, "clutter": o.clutter}
        return digest(["sprites", VERSION, self.split, len(self), drawn])

    @property
    def content(self) -> Digests:
        o = self.options
        drawn = digest(["sprites", VERSION, self.split, o.size, o.shift, o.clutter])
        return numbered(drawn, np.arange(len(self), dtype=np.int64))

    @property
    def labels(self) -> dict[str, Labels]:
        blocks = [label_block(SPLITS.index(self.split), b) for b in range(-(-len(self) // BLOCK))]
        return {name: np.concatenate([b[name] for b in blocks])[: len(self)] for name in CLASSES}

    @property
    def classes(self) -> dict[str, list[str]]:
        return {name: list(classes) for name, classes in CLASSES.items()}

    def names(self, i: int) -> str:
        return f"sprite {i}"

    def read(self, i: int) -> Pixels:
        block, row = divmod(i, BLOCK)
        o = self.options
        drawn = _block(SPLITS.index(self.split), block, o.size, o.shift, o.clutter)
        pixels: Pixels = drawn[row]
        return pixels


@lru_cache(maxsize=1)  # neighbours come from one block; drawing it whole is fast
def _block(split: int, block: int, size: int, shift: float, clutter: float) -> Pixels:
    return draw(split, block, size, shift, clutter)
