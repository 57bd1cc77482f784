"""A split as a plan sees it: its usable images, and what a selection of them is."""

import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from datayield.data.census import EXAMPLES, noted
from datayield.data.content import Digests, content_of, digest_masks, is_computed, undecodable
from datayield.data.selection import among, indices
from datayield.data.source import UNLABELLED, Labels, Source, masked
from datayield.data.sources.label_columns import tested_by_default
from datayield.data.sources.split_share import Sliced, group_names
from datayield.spec.errors import DataError, nearest
from datayield.spec.identity import digest
from datayield.spec.run import MOST_POOL, Classes, Listing, Part


@dataclass(frozen=True, eq=False)
class SplitContent:
    """The digests [N] of the usable images of a split; `kept`: their positions in its listing."""

    source: Source
    digests: Digests
    kept: Labels
    _ordered: dict[tuple[str, int, Classes | None, str | None], Digests] = field(
        default_factory=dict, repr=False
    )
    _items: dict[str | None, str] = field(default_factory=dict, repr=False)
    _subsets: dict[Part, str | None] = field(default_factory=dict, repr=False)

    @cached_property
    def _order(self) -> Labels:
        """Positions of the digests, ascending."""
        return np.argsort(self.digests, kind="stable").astype(np.int64)

    @cached_property
    def different(self) -> Digests:
        """The digests, ascending, copies once."""
        return _different(self.digests[self._order])

    @cached_property
    def copies(self) -> Labels:
        """Positions of the images that are there more than once, by ascending digest."""
        ordered = self.digests[self._order]
        again = np.zeros(len(ordered) + 1, bool)  # whether each is like the one before it
        again[1:-1] = ordered[1:] == ordered[:-1]
        return self._order[again[1:] | again[:-1]]

    @cached_property
    def labels(self) -> dict[str, Labels]:
        """Name of a label -> class indices [N]."""
        return {name: column[self.kept] for name, column in self.source.labels.items()}

    def selected(self, part: Part) -> Digests | None:
        """Digests of the images that `part` draws, in order; None if there are too few.

        With `select` they are those of its pool: which it chooses, only their features tell.
        """
        most, part = (None if part.select is None else MOST_POOL), part.drawn
        key = part.rule, part.seed, part.classes, part.label
        if key not in self._ordered:
            every = part.model_copy(update={"count": None, "skip": None})
            try:
                of = self._of_classes(part)
                chosen = indices(every, len(self.digests), of=of, digests=self.digests)
            except DataError:
                return None
            assert isinstance(chosen, np.ndarray)
            self._ordered[key] = self.digests[chosen]
        skip, order = part.skip or 0, self._ordered[key]
        stop = min(len(order), skip + (most or len(order)))
        if part.count is not None:
            stop = skip + part.count
        return order[skip:stop] if skip < stop <= len(order) else None

    def subset(self, part: Part) -> str | None:
        """Digest of the images that `part` selects, in order; None if there are too few."""
        if part not in self._subsets:  # many runs share one
            chosen = self.selected(part)
            self._subsets[part] = None if chosen is None else _hex(chosen)
        return self._subsets[part]

    def distinct(self, part: Part) -> int | None:
        """How many different images are among those that `part` selects."""
        chosen = self.selected(part) if part.select is None else None
        return None if chosen is None else len(_different(np.sort(chosen)))

    def groups(self, by: str) -> frozenset[str]:
        """The names of the groups that its images belong to."""
        return frozenset(group_names(self.source, by))

    @cached_property
    def grouping(self) -> str | None:
        """Digest of the group of each image, in a slice that divides none; else None."""
        if not isinstance(self.source, Sliced) or self.source.by is None:
            return None
        numbers = np.array([*map(_number, group_names(self.source, self.source.by))], np.uint64)
        table = np.stack((self.digests, numbers[self.kept]), axis=1)
        return _hex(table[np.lexsort(table.T[::-1])])

    def items(self, label: str | None) -> str:
        """Digest of all images, and of the class or mask of each, whatever their order."""
        if label not in self._items:
            self._items[label] = self._digest_of_items(label)
        return self._items[label]

    def label_notes(self) -> tuple[str, ...]:
        """Copies of one image in two classes, and classes that may be another one, misspelled.

        Classes of a single image are told of the labels that are tested by default, and not of
        slices, which may hold one of many.
        """
        if is_computed(self.source):  # right by construction; labels may need a download
            return ()
        default = [] if isinstance(self.source, Sliced) else tested_by_default(self.labels)
        return tuple(
            note
            for name, column in self.labels.items()
            for names in [self.source.classes.get(name, [])]
            for note in (
                *_in_two_classes(self, name, column),
                *_spelled_alike(name, names),
                *(_of_one_image(name, column, names) if name in default else ()),
            )
        )

    def _digest_of_items(self, label: str | None) -> str:
        rows = [self.digests]
        if is_computed(self.source):  # its images decide its labels, which may need a download
            return digest([_hex(self.different), len(self.digests), label])
        if label is not None and label in self.labels:
            names = self.source.classes.get(label, [])
            known = [names[k] if k < len(names) else str(k) for k in range(self._highest(label))]
            of_class = np.array([*map(_number, known), 0], np.uint64)
            rows.append(of_class[self.labels[label]])  # an image without a label takes the last
        if label is not None and masked(self.source) is not None:
            rows.append(digest_masks(self.source)[self.kept])
        table = np.stack(rows, axis=1)
        if len(rows) == 1 or len(self.different) == len(self.digests):
            return _hex(table[self._order])
        return _hex(table[np.lexsort(table.T[::-1])])

    def _highest(self, label: str) -> int:
        return int(self.labels[label].max(initial=-1)) + 1

    def _of_classes(self, part: Part) -> Labels | None:
        if part.classes is None:
            return None
        columns = self.labels, self.source.classes
        return among(part.classes, part.label or "label", *columns, "data.classes")[1]


def _in_two_classes(content: SplitContent, name: str, column: Labels) -> Iterator[str]:
    copies = content.copies[column[content.copies] != UNLABELLED]
    order = copies[np.lexsort((column[copies], content.digests[copies]))]
    digests, numbers = content.digests[order], column[order]
    pairs = np.flatnonzero((digests[1:] == digests[:-1]) & (numbers[1:] != numbers[:-1]))
    images = len(_different(digests[pairs]))
    if images:
        names = content.source.names
        named = noted(
            f"{names(int(content.kept[order[i]]))} and {names(int(content.kept[order[i + 1]]))}"
            for i in pairs.tolist()
        ).examples
        what = "1 image is" if images == 1 else f"{images:,} images are each"
        yield f"{what} in two classes of {name!r}: {'; '.join(named)}"


def _spelled_alike(name: str, classes: Sequence[str]) -> Iterator[str]:
    spelled: dict[str, list[str]] = {}
    for each in classes:
        plain = " ".join(unicodedata.normalize("NFKC", each).casefold().split())
        spelled.setdefault(plain, []).append(each)
    if alike := [" and ".join(map(repr, group)) for group in spelled.values() if len(group) > 1]:
        yield (
            f"classes of {name!r} differ only in capitals, spaces or Unicode form, and are "
            f"counted as different: {'; '.join(alike[:EXAMPLES])}"
        )


def _of_one_image(name: str, column: Labels, classes: Sequence[str]) -> Iterator[str]:
    """Classes of one image beside classes of more, with the class that is spelled nearly so."""
    numbers, counts = np.unique(column[column != UNLABELLED], return_counts=True)
    single, more = numbers[counts == 1], numbers[counts > 1]
    if not len(single) or not len(more) or numbers[-1] >= len(classes):
        return
    others = [classes[k] for k in more.tolist()]
    told = []
    for each in (classes[k] for k in single.tolist()[:EXAMPLES]):
        near = "" if any(c.isdigit() for c in each) else nearest(each, others)  # 12 is not 13
        told.append(f"{each!r} (is it {near!r}?)" if near else repr(each))
    some = f" and {len(single) - EXAMPLES:,} more" if len(single) > EXAMPLES else ""
    what = "1 class" if len(single) == 1 else f"{len(single):,} classes"
    yield f"{what} of {name!r} with a single image: {', '.join(told)}{some}"


def _different(ordered: Digests) -> Digests:
    """Ascending digests, copies once."""
    first = np.ones(len(ordered), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    different: Digests = ordered[first]
    return different


def split_listing(source: Source) -> Listing:
    """A split with the contents of its images, read once."""
    listed = source.listing()._replace(notes=tuple(source.census.lines()))
    digests = content_of(source)
    if digests is None:
        return listed
    kept = np.flatnonzero(~undecodable(digests)).astype(np.int64)
    return listed._replace(images=len(kept), content=SplitContent(source, digests[kept], kept))


def _hex(digests: Digests) -> str:
    return hashlib.sha256(np.ascontiguousarray(digests).astype("<u8").data).hexdigest()[:12]


def _number(name: str) -> int:
    return int.from_bytes(
        hashlib.blake2b(name.encode(errors="surrogateescape"), digest_size=8).digest(), "little"
    )
