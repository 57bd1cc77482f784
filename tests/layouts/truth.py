"""What a layout should be read as: the colour of an image tells its class."""

import io
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image

STEP = 24  # levels of red between two classes
FRUIT = ("apple", "berry", "cherry", "damson")


class Right(NamedTuple):
    """It must be read. `splits`: split -> the colours of its images, `names` those of the colours.

    `names` None: no labels. `bare`: colours whose images have no label. `unlabelled`: splits that
    have none. `unused`: images that are not read, and so must be counted by the census; `told`: a
    word that it must say.
    `damaged`: files that are listed, and skipped when decoded. `at`: the dataset below the folder.
    """

    splits: Mapping[str, Sequence[int]]
    names: Sequence[str] | None = FRUIT
    label: str = "label"
    bare: frozenset[int] = frozenset()
    unlabelled: frozenset[str] = frozenset()
    unused: int = 0
    damaged: int = 0
    told: str = ""
    at: str = ""


class Refused(NamedTuple):
    """It cannot be told what is meant: refused, and the message says this."""

    words: str
    split: str = "train"
    at: str = ""


Truth = Right | Refused


class Layout(NamedTuple):
    """A layout: its family and name, and the function that writes it into a folder."""

    family: str
    name: str
    write: Callable[["Maker"], Truth]


class Maker:
    """Writes a dataset below `root`; images of one colour differ by a number in their pixels."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root, self.rng, self.serial = root, random.Random(seed), 0

    def picture(self, colour: int, kind: str = "PNG", side: int = 8) -> bytes:
        """An encoded image of a class."""
        self.serial += 1
        out = io.BytesIO()
        low = self.serial % 16 * 16, self.serial // 16 % 16 * 16
        Image.new("RGB", (side, side), (12 + STEP * colour, *low)).save(out, kind)
        return out.getvalue()

    def colours(self, classes: int = 3, each: int = 0) -> list[int]:
        """A few images of each class."""
        return sorted([*range(classes)] * (each or self.rng.choice((3, 4, 5))))

    def write(self, name: str, data: bytes | str) -> Path:
        """A file below the root."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def folders(
        self,
        names: Sequence[str] = FRUIT[:3],
        below: str = "",
        colours: Iterable[int] | None = None,
        extension: str = ".png",
        kind: str = "PNG",
    ) -> list[int]:
        """A folder per class; the colours that were written."""
        used = sorted(self.colours(len(names)) if colours is None else colours)
        for i, colour in enumerate(used):
            self.write(f"{below}{names[colour]}/{i}{extension}", self.picture(colour, kind))
        return used

    def flat(self, below: str = "", count: int = 5) -> list[int]:
        """Images of colour 0 in one folder."""
        for i in range(count):
            self.write(f"{below}{i}.png", self.picture(0))
        return [0] * count


def colour_of(red: int) -> int:
    """The class of an image by its red level."""
    return round((red - 12) / STEP)
