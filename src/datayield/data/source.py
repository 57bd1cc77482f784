"""The interface of a dataset before its images are decoded."""

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from datayield.data.census import Census
from datayield.spec.run import Listing

UNLABELLED = -1  # the class number of an image without a label, where most images have one
WHITES = (255, 1023, 4095, 16383, 65535)  # the largest values of 8, 10, 12, 14 and 16 bits
Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]


class Source(Protocol):
    """One split of a dataset. Picklable and lazy: nothing is read before it is needed.

    Reading in ascending order is fast; any order is correct.
    """

    def __len__(self) -> int:
        """Images listed, damaged ones included."""
        ...

    def listing(self) -> Listing:
        """Fingerprint (names and sizes, independent of the location) and count. Decodes nothing."""
        ...

    @property
    def stamp(self) -> str:
        """Digest that changes if the images may have: path, names, sizes, modification times."""
        ...

    @property
    def census(self) -> Census:
        """What became of every file, from the listing alone. Decodes nothing."""
        ...

    @property
    def labels(self) -> dict[str, Labels]:
        """Name of a label -> [N] class indices; empty if the images are unlabeled.

        `UNLABELLED` where one image of a labelled split has none.
        """
        ...

    @property
    def classes(self) -> dict[str, list[str]]:
        """Name of a label -> names of its classes."""
        ...

    def names(self, i: int) -> str:
        """A readable name of image `i`."""
        ...

    def read(self, i: int) -> bytes | Pixels:
        """Image `i`: an encoded file, or pixels [H, W, 3].

        Raises OSError if it cannot be read: it is then skipped for that reason.
        """
        ...


@runtime_checkable
class Masked(Protocol):
    """Additional interface of a source with masks: the class of each pixel."""

    @property
    def has_masks(self) -> bool:
        """Whether there are masks."""
        ...

    def read_mask(self, i: int) -> bytes | Pixels:
        """The mask of image `i`: an encoded file of one channel, or values [H, W]."""
        ...


@runtime_checkable
class Groupable(Protocol):
    """Additional interface of a source that can tell which images belong together."""

    @property
    def group_columns(self) -> list[str]:
        """What images can be grouped by: columns of a table, or the `folder` that they lie in."""
        ...

    def groups(self, column: str) -> list[object]:
        """The group of each image [N], None where it has none; `column` is one of those."""
        ...


def masked(source: Source) -> Masked | None:
    """`source` as a source with masks, or None if it has none."""
    return source if isinstance(source, Masked) and source.has_masks else None
