"""A slice of a split: `train[:80%]` and `train[80%:]`, for datasets without a test split.

Slices are taken from a random order that the images' contents decide, not the stored one (folders
are stored class by class): the two slices of a split are disjoint, both contain every class, copies
of an image are in one of them, and an image that is added moves at most one other.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from datayield.data.census import Census
from datayield.data.content import Digests, content_of, ranked
from datayield.data.permutation import places
from datayield.data.source import Labels, Pixels, Source, masked
from datayield.spec.identity import digest
from datayield.spec.run import Listing


@dataclass(frozen=True)
class Sliced:
    """From `share[0]` to `share[1]` percent of the fixed random order of `whole`."""

    whole: Source
    share: tuple[int, int]

    @cached_property
    def chosen(self) -> Labels:
        """Positions in `whole`, ascending."""
        n = len(self.whole)
        digests = content_of(self.whole)
        if digests is None:
            start, stop = (n * percent // 100 for percent in self.share)
            return np.sort(places(n, (0,), start, stop))
        order = ranked(digests, 0)
        start, stop = (_cut(digests[order], percent) for percent in self.share)
        return np.sort(order[start:stop])

    def __len__(self) -> int:
        return len(self.chosen)

    def listing(self) -> Listing:
        return Listing(digest([self.whole.listing().fingerprint, self.share]), len(self))

    @property
    def census(self) -> Census:
        """That of the whole split, with the number of images in this slice."""
        return self.whole.census._replace(used=len(self))

    @property
    def stamp(self) -> str:
        return digest([self.whole.stamp, self.share])

    @property
    def labels(self) -> dict[str, Labels]:
        return {name: values[self.chosen] for name, values in self.whole.labels.items()}

    @property
    def classes(self) -> dict[str, list[str]]:
        return self.whole.classes

    @property
    def has_masks(self) -> bool:
        return masked(self.whole) is not None

    def read_mask(self, i: int) -> bytes | Pixels:
        whole = masked(self.whole)
        assert whole is not None
        return whole.read_mask(int(self.chosen[i]))

    def names(self, i: int) -> str:
        return self.whole.names(int(self.chosen[i]))

    def read(self, i: int) -> bytes | Pixels:
        return self.whole.read(int(self.chosen[i]))


def _cut(ordered: Digests, percent: int) -> int:
    """Where a slice ends among digests in their order: copies of one image stay together."""
    cut = len(ordered) * percent // 100
    while 0 < cut < len(ordered) and ordered[cut] == ordered[cut - 1]:
        cut += 1
    return cut
