"""scikit-learn's handwritten digits: 1,797 grey images of 8 x 8, always available."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from datayield.data.census import Census
from datayield.data.content import Digests, numbered
from datayield.data.source import Labels, Pixels
from datayield.spec.identity import digest
from datayield.spec.run import Listing

# A split of our own by a fixed permutation; some writers are in both (the set does not name them).
SPLITS = {"train": 1000, "test": 797}
INK_BINS = 5


@dataclass(frozen=True)
class Digits:
    """The digits 0 to 9, from E. Alpaydin and C. Kaynak, UCI, 1998.

    Two labels: `digit`, the written digit, and `ink`, the amount of ink in five equally filled
    bins: a semantic label and a purely quantitative one.
    """

    split: str

    def __len__(self) -> int:
        return SPLITS[self.split]

    def listing(self) -> Listing:
        return Listing(self.stamp, len(self))

    @property
    def census(self) -> Census:
        return Census(len(self))

    @property
    def stamp(self) -> str:
        return digest(["digits", self.split, 2])

    @property
    def content(self) -> Digests:
        return numbered(self.stamp, np.arange(len(self), dtype=np.int64))

    @cached_property
    def _data(self) -> tuple[Pixels, dict[str, Labels]]:
        from sklearn.datasets import load_digits

        digits = load_digits()
        order = np.random.Generator(np.random.PCG64(0)).permutation(len(digits.target))
        mine = order[: len(self)] if self.split == "train" else order[SPLITS["train"] :]
        grey = np.rint(digits.images[mine] * (255 / 16)).astype(np.uint8)
        ink = digits.images.sum(axis=(1, 2))
        bins = np.digitize(ink, np.quantile(ink, np.arange(1, INK_BINS) / INK_BINS))
        labels = {"digit": digits.target, "ink": bins}
        return (
            np.repeat(grey[..., None], 3, axis=3),
            {name: values[mine].astype(np.int64) for name, values in labels.items()},
        )

    @property
    def labels(self) -> dict[str, Labels]:
        return self._data[1]

    @property
    def classes(self) -> dict[str, list[str]]:
        return {"digit": [str(i) for i in range(10)], "ink": [f"fifth {i + 1}" for i in range(5)]}

    def names(self, i: int) -> str:
        return f"digit {i}"

    def read(self, i: int) -> Pixels:
        pixels: Pixels = self._data[0][i]
        return pixels
