"""What is known about a split before any image is decoded."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from datayield.spec.run.subset import Part


class Content(Protocol):
    """The images of a split that was read: identity by content, whatever they are called."""

    @property
    def digests(self) -> "NDArray[np.uint64]":
        """The digest of each usable image [N]."""
        ...

    @property
    def different(self) -> "NDArray[np.uint64]":
        """The same, ascending, copies once."""
        ...

    def subset(self, part: "Part") -> str | None:
        """Digest of the images that `part` selects, in order; None if there are too few."""
        ...

    def distinct(self, part: "Part") -> int | None:
        """How many different images are among those that `part` selects."""
        ...

    def groups(self, by: str) -> frozenset[str]:
        """The names of the groups that its images belong to."""
        ...

    @property
    def grouping(self) -> str | None:
        """Digest of the group of each image, in a slice that divides none; else None."""
        ...

    def label_notes(self) -> tuple[str, ...]:
        """Copies of one image in two classes, and classes whose names differ in spelling only."""
        ...

    def items(self, label: str | None) -> str:
        """Digest of all images, and of the class of each, whatever their order."""
        ...


class Listing(NamedTuple):
    """A split as listed: enough to plan with."""

    fingerprint: str  # digest of the files' names and sizes
    images: int  # without those that are known to be damaged
    content: Content | None = None  # None: too large to be read first
    notes: tuple[str, ...] = ()  # on files that are not simply used


Listings = Mapping[tuple[str, str], Listing]
