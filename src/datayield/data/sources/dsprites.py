"""dSprites re-rendered: the factors, their grid and VTAB's labels, without the published file.

Exact: 3 shapes x 6 scales x 40 orientations x 32 x 32 positions = 737,280 images of 64 x 64 that
are black or white, numbered as in the published file (Matthey et al. 2017, dsprites-dataset; the
y position changes fastest), and the labels that VTAB derives from the numbers. Not exact: the
outlines, which a game engine rendered in the published images. Ours are closed-form, sampled at
pixel centres; neighbouring positions are one pixel apart.
"""

from dataclasses import dataclass, replace
from functools import cache, cached_property
from urllib.parse import parse_qsl

import numpy as np
from numpy.typing import NDArray

from datayield.data.census import Census
from datayield.data.content import Digests, numbered
from datayield.data.source import Labels, Pixels
from datayield.data.sources.vtab_labels import dsprites_location, dsprites_orientation
from datayield.spec.errors import DataError
from datayield.spec.identity import digest
from datayield.spec.run import Listing

VERSION = 1  # bump when an image changes
SPLITS = ("train", "test")
SHAPES = ("square", "ellipse", "heart")
FACTORS = {"shape": 3, "scale": 6, "orientation": 40, "x": 32, "y": 32}
IMAGES = 737_280
TESTED = 73_728  # a tenth, as in VTAB
SIZE = 64
_FIRST = 16.5  # centre of position 0, in pixels; position 31 is as far from the other edge
# Half the side of the largest square, in pixels: corners stay inside the image, and no scale puts
# an upright edge on pixel centres, where rounding would decide.
_REACH = 10.75


@dataclass(frozen=True)
class DspritesOptions:
    """`n`, `n_test`: images in train and test, prefixes of a fixed random order of all."""

    n: int = 10_000
    n_test: int = 2_000


LIMITS = {"n": IMAGES - TESTED, "n_test": TESTED}


def parse(query: str) -> DspritesOptions:
    """Options from `n=1000&n_test=2000`. Raises DataError for an unknown name or a bad value."""
    options = DspritesOptions()
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in LIMITS:
            raise DataError(
                "unknown dsprites option", where=f"dsprites?{query}", got=name, allowed=LIMITS
            )
        if not value.isdigit() or not 1 <= int(value) <= LIMITS[name]:
            raise DataError(
                f"invalid dsprites {name}",
                where=f"dsprites?{query}",
                got=value,
                allowed=f"1 to {LIMITS[name]}",
            )
        options = replace(options, **{name: int(value)})
    return options


@cache
def _order() -> Labels:
    """The numbers of all images in a fixed random order."""
    return np.random.Generator(np.random.PCG64(0)).permutation(IMAGES)


def factors(numbers: Labels) -> dict[str, Labels]:
    """Numbers [N] of images, 0 to 737,279 -> the number of each factor's value, name -> [N]."""
    parts = np.unravel_index(numbers, tuple(FACTORS.values()))
    return {name: part.astype(np.int64) for name, part in zip(FACTORS, parts, strict=True)}


def rendered(number: int) -> NDArray[np.bool_]:
    """Image `number` of the grid as bool [64, 64]."""
    shape, scale, turn, x, y = (int(v[0]) for v in factors(np.array([number])).values())
    angle = 2 * np.pi * (turn % 39) / 39  # 40 values from 0 to a whole turn, both ends included
    size = _REACH * (0.5 + 0.1 * scale)
    across = np.arange(SIZE) + 0.5 - (_FIRST + x)
    down = (np.arange(SIZE) + 0.5 - (_FIRST + y))[:, None]
    u = (across * np.cos(angle) + down * np.sin(angle)) / size
    v = (down * np.cos(angle) - across * np.sin(angle)) / size
    if SHAPES[shape] == "square":
        inside: NDArray[np.bool_] = np.maximum(np.abs(u), np.abs(v)) <= 1
    elif SHAPES[shape] == "ellipse":
        inside = (u / 1.2) ** 2 + (v / 0.6) ** 2 <= 1
    else:  # a heart, its point down
        a, b = u * 1.1, 0.1 - v * 1.1
        inside = (a**2 + b**2 - 1) ** 3 <= a**2 * b**3
    return inside


@dataclass(frozen=True)
class DSprites:
    """One split: the first `n` of the training nine tenths, or `n_test` of the last tenth, of a
    fixed random order of all images.

    Labels: `location` (16, of x) and `orientation` (16) as in VTAB; `shape` and `scale`.
    """

    split: str
    options: DspritesOptions = DspritesOptions()

    def __len__(self) -> int:
        return self.options.n if self.split == "train" else self.options.n_test

    def listing(self) -> Listing:
        return Listing(self.stamp, len(self))

    @property
    def census(self) -> Census:
        return Census(len(self))

    @property
    def stamp(self) -> str:
        return digest(["dsprites", VERSION, self.split, len(self)])

    @property
    def content(self) -> Digests:
        return numbered(f"dsprites {VERSION}", self.numbers)

    @cached_property
    def numbers(self) -> Labels:
        """The numbers of its images in the grid, [N]."""
        order = _order()
        start = 0 if self.split == "train" else IMAGES - TESTED
        return order[start : start + len(self)]

    @property
    def labels(self) -> dict[str, Labels]:
        of = factors(self.numbers)
        return {
            "location": dsprites_location(of["x"]),
            "orientation": dsprites_orientation(of["orientation"]),
            "shape": of["shape"],
            "scale": of["scale"],
        }

    @property
    def classes(self) -> dict[str, list[str]]:
        return {
            "location": [f"columns {2 * i} and {2 * i + 1}" for i in range(16)],
            "orientation": [f"sixteenth {i + 1}" for i in range(16)],
            "shape": list(SHAPES),
            "scale": [f"{0.5 + 0.1 * i:.1f}" for i in range(6)],
        }

    def names(self, i: int) -> str:
        return f"dsprite {self.numbers[i]}"

    def read(self, i: int) -> Pixels:
        grey = np.where(rendered(int(self.numbers[i])), 255, 0).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
