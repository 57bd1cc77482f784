"""What every kind of dataset offers before its images are decoded."""

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from datayield.spec.run import Listing

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]


class Source(Protocol):
    """One split of a dataset. Picklable, and lazy: nothing is read before it is asked for.

    Reading in ascending order is fast; any order is correct.
    """

    def __len__(self) -> int:
        """Images listed, damaged ones included."""
        ...

    def listing(self) -> Listing:
        """Fingerprint (names and sizes, wherever the files lie) and count. Decodes nothing."""
        ...

    @property
    def stamp(self) -> str:
        """Digest that changes when the images may have: place, names, sizes, times of change."""
        ...

    @property
    def labels(self) -> dict[str, Labels]:
        """Name of a label -> [N] class indices; empty where the images are unlabeled."""
        ...

    @property
    def classes(self) -> dict[str, list[str]]:
        """Name of a label -> names of its classes."""
        ...

    def names(self, i: int) -> str:
        """What a person would call image `i`."""
        ...

    def read(self, i: int) -> bytes | Pixels:
        """Image `i`: an encoded file, or pixels [H, W, 3]. Raises OSError if it is gone."""
        ...


@runtime_checkable
class Masked(Protocol):
    """What a source adds where its images may have masks: the class of each pixel."""

    @property
    def has_masks(self) -> bool:
        """Whether there are any."""
        ...

    def read_mask(self, i: int) -> bytes | Pixels:
        """The mask of image `i`: an encoded file of one channel, or values [H, W]."""
        ...


def masked(source: Source) -> Masked | None:
    """`source` as one with masks, or None where it has none."""
    return source if isinstance(source, Masked) and source.has_masks else None
