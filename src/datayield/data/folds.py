"""The folds of an evaluation that tests every image of a split, as listed or as decoded."""

from collections.abc import Iterator
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from datayield.data.catalog import find
from datayield.data.content import content_of, undecodable
from datayield.data.decoded import Arrays
from datayield.data.evaluated import (
    Labelled,
    LabelledSplit,
    LabelledSplits,
    class_numbers,
    content_in,
    labelled,
    positions,
)
from datayield.data.selection import dealt, sample_items
from datayield.data.source import Labels, Source
from datayield.data.sources.split_share import group_names
from datayield.data.splits import share_of
from datayield.spec.errors import DataError
from datayield.spec.evaluation import EvalSpec
from datayield.spec.identity import digest


class Folds(NamedTuple):
    """The images that an evaluation uses, in its order, and the fold that each is tested in."""

    chosen: Labels  # positions [n] in the split
    fold: Labels  # [n]
    classes: Labels  # [n]

    def parts(self, count: int | None) -> Iterator[tuple[Labels, Labels]]:
        """Places [m] in training, `count` of them, and those tested, of each fold."""
        for k in range(int(self.fold.max()) + 1):
            yield np.flatnonzero(self.fold != k)[:count], np.flatnonzero(self.fold == k)


def folds_of(ev: EvalSpec, splits: LabelledSplits) -> Folds:
    """The folds of `ev` on its split. Raises DataError where it cannot be divided."""
    assert ev.folds is not None
    has = splits[ev.test]
    of = positions(ev, ev.test, splits)
    of = np.arange(len(has)) if of is None else of
    content = content_in(has)
    chosen = of[sample_items(of, None, ev.seed, None if content is None else content[of])]
    chosen = np.sort(chosen) if content is None else chosen
    classes = class_numbers(ev, splits)[1][ev.test][chosen]
    try:
        fold = dealt(units_of(ev, ev.test, has)[chosen], classes, ev.folds, ev.seed)
    except DataError as error:
        raise error.within(f"evaluations ({ev.name})") from None
    made = Folds(chosen, fold, classes)
    smallest = min(int((fold != k).sum()) for k in range(ev.folds))
    if (ev.train_count or 0) > smallest:
        raise DataError(
            f"with {ev.folds} folds, a classifier has {smallest:,} images to train on",
            where=f"evaluations ({ev.name}): train_count",
            got=ev.train_count,
            allowed=f"2 to {smallest}",
            hint="use a smaller count, or omit it to use all",
        )
    return made


def labelled_parts(ev: EvalSpec, splits: LabelledSplits) -> list[Labelled]:
    """The labels that the evaluation uses: of each fold, if it has any."""
    if ev.folds is None:
        return [labelled(ev, splits)]
    folds = folds_of(ev, splits)
    parts = []
    for train, test in folds.parts(ev.train_count):
        known = folds.classes[train]
        counts = np.bincount(known)
        kept = counts[counts > 0].astype(np.int64)
        parts.append(Labelled(known, known[:0], kept, folds.classes[test]))
    return parts


def units_of(ev: EvalSpec, split: str, has: LabelledSplit) -> NDArray[np.uint64]:
    """A number of each image [N] of a split; copies have the same, and all images of a group."""
    content, by = content_in(has), share_of(split).by
    if content is None:
        content = np.arange(len(has), dtype=np.uint64)
    return content if by is None else _joined(_groups(ev, split, has, by), content)


def _groups(ev: EvalSpec, split: str, has: LabelledSplit, by: str) -> list[str]:
    """The group of each image."""
    if not isinstance(has, Arrays):
        return group_names(cast(Source, has), by)
    source = find(ev.dataset, split)
    names, digests = group_names(source, by), content_of(source)
    if digests is not None:
        names = [names[i] for i in np.flatnonzero(~undecodable(digests)).tolist()]
    if len(names) != len(has):
        raise DataError(
            f"{len(has):,} decoded images have {len(names):,} groups",
            where=f"evaluations ({ev.name}): {ev.dataset} {split}",
            hint="the files changed while they were read: run the same command again",
        )
    return names


def _joined(groups: list[str], content: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A number of each group, one for groups that share an image."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    names, of_group = np.unique(np.array(groups), return_inverse=True)
    of_image = np.unique(content, return_inverse=True)[1]
    size = len(names) + int(of_image.max()) + 1
    links = np.ones(len(content), np.int8), (of_group, len(names) + of_image)
    found = connected_components(coo_array(links, (size, size)), directed=False)[1][of_group]
    first = np.unique(found, return_index=True)[1]
    numbers = np.array([int(digest(["group", groups[i]], 15), 16) for i in first], np.uint64)
    joined: NDArray[np.uint64] = numbers[found]
    return joined
