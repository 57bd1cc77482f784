"""A slice of a split: `train[:80%]` and `train[80%:]`, for datasets without a test split.

Slices are taken from a random order that the images' contents decide, not the stored one (folders
are stored class by class): the two slices of a split are disjoint, both contain every class, copies
of an image are in one of them, and an image that is added moves at most one other.

`train[:80% by patient]` orders patients instead of images: those of one are all in one slice.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from datayield.data.census import NONE, Census
from datayield.data.content import Digests, content_of, ranked
from datayield.data.permutation import places
from datayield.data.source import Groupable, Labels, Pixels, Source, masked
from datayield.spec.errors import DataError
from datayield.spec.identity import digest
from datayield.spec.run import Listing


@dataclass(frozen=True)
class Sliced:
    """From `share[0]` to `share[1]` percent of the fixed random order of `whole`.

    `by`: a column of `whole` whose groups are not divided; a slice then ends after a whole group.
    """

    whole: Source
    share: tuple[int, int]
    by: str | None = None

    @cached_property
    def chosen(self) -> Labels:
        """Positions in `whole`, ascending."""
        n = len(self.whole)
        if self.by is not None:
            groups = np.array([_number(name) for name in group_names(self.whole, self.by)])
            order = np.argsort(groups, kind="stable").astype(np.int64)
            start, stop = (_cut(groups[order], percent) for percent in self.share)
            return np.sort(order[start:stop])
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
        told = [self.whole.listing().fingerprint, self.share]
        return Listing(digest([*told, self.by] if self.by else told), len(self))

    @property
    def census(self) -> Census:
        """That of the whole split, with the number of images in this slice."""
        census = self.whole.census._replace(used=len(self))
        if self.by is None:
            return census
        every, own = ({*group_names(of, self.by)} for of in (self.whole, self))
        percent = f"{self.share[0]}% to {self.share[1]}%"
        told = (
            f"{percent} by {self.by}: {len(own):,} of {len(every):,} groups, {len(self):,} images"
        )
        return census._replace(merged={**census.merged, told: NONE})

    @property
    def stamp(self) -> str:
        told = [self.whole.stamp, self.share]
        return digest([*told, group_names(self, self.by)] if self.by else told)

    @property
    def labels(self) -> dict[str, Labels]:
        return {name: values[self.chosen] for name, values in self.whole.labels.items()}

    @property
    def classes(self) -> dict[str, list[str]]:
        return self.whole.classes

    @property
    def group_columns(self) -> list[str]:
        return self.whole.group_columns if isinstance(self.whole, Groupable) else []

    def groups(self, column: str) -> list[object]:
        assert isinstance(self.whole, Groupable)
        of = self.whole.groups(column)
        return [of[i] for i in self.chosen.tolist()]

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


def group_names(source: Source, by: str) -> list[str]:
    """The group of each image [N]; numbers are the same with and without a decimal point."""
    assert isinstance(source, Groupable)
    values = source.groups(by)
    whole = (int(v) if isinstance(v, float) and v.is_integer() else v for v in values)
    return [str(v).strip() for v in whole]


def check_groups(source: Source, share: tuple[int, int], by: str, where: str) -> None:
    """Raises DataError if `by` is no column, some images have no group, or a slice has none."""
    known = source.group_columns if isinstance(source, Groupable) else []
    if by not in known:
        raise DataError(
            f"images cannot be grouped by {by!r}",
            where=where,
            got=by,
            allowed=known or "none (no column here groups the images)",
            hint="name a column of metadata.csv, of the labels CSV or of the parquet files, or "
            "folder for the folder of each image",
        )
    assert isinstance(source, Groupable)
    values = source.groups(by)
    none = [i for i, v in enumerate(values) if v is None or v != v or not str(v).strip()]
    if none:
        raise DataError(
            f"{len(none):,} of {len(values):,} images have no value of {by!r}",
            where=where,
            got=", ".join(source.names(i) for i in none[:3]),
            hint="fill in the column: an image without a group could belong to any group",
        )
    if not len(Sliced(source, share, by)):
        number = len({*group_names(source, by)})
        raise DataError(
            f"no group is in {share[0]}% to {share[1]}%: there are {number} groups by {by!r}",
            where=where,
            got=f"{share[0]}% to {share[1]}%",
            hint="groups are not divided, so few groups need wider slices",
        )


def _number(group: str) -> int:
    return int(digest(["group", group], 15), 16)


def _cut(ordered: Digests | Labels, percent: int) -> int:
    """Where a slice ends among digests in their order: copies of one image stay together.

    So do the images of a group, of which all have one number.
    """
    cut = len(ordered) * percent // 100
    while 0 < cut < len(ordered) and ordered[cut] == ordered[cut - 1]:
        cut += 1
    return cut
