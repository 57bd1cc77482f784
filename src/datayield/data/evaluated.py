"""Which images and labels an evaluation uses of a split, as listed or as decoded."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple, Protocol, cast

import numpy as np

from datayield.data.catalog import EMBEDDED
from datayield.data.class_names import aligned
from datayield.data.content import Digests, content_of, is_computed
from datayield.data.decoded import Arrays
from datayield.data.selection import among, sample_items
from datayield.data.source import UNLABELLED, Labels, Masked, Source
from datayield.data.split_content import SplitContent
from datayield.spec.errors import DataError
from datayield.spec.evaluation import EvalItems, EvalSpec
from datayield.spec.run import Listings

PLENTY = 10  # training images per class of a built-in dataset, all balanced, that need no counting
MASKS = 1_000  # looked at together


class LabelledSplit(Protocol):
    """A split as listed or as decoded: how many images, and their labels."""

    def __len__(self) -> int: ...

    @property
    def labels(self) -> Mapping[str, Labels]:
        """Name of a label -> [N] class numbers."""
        ...

    @property
    def classes(self) -> Mapping[str, Sequence[str]]:
        """Name of a label -> names of its classes."""
        ...


LabelledSplits = Mapping[str, LabelledSplit]  # the splits of one evaluation, by name


class Labelled(NamedTuple):
    """The labels of the images that an evaluation uses, `train` before a fraction is kept."""

    train: Labels
    val: Labels
    kept: Labels  # labelled training images of each class in a draw of the labels
    test: Labels


def read_splits(ev: EvalSpec) -> tuple[str, ...]:
    """The splits whose images or names of classes the evaluation reads."""
    reads_all = ev.traits.needs_labels or ev.classes is not None
    return tuple(dict.fromkeys(ev.splits)) if reads_all else (ev.test,)


def item_counts(ev: EvalSpec, splits: Mapping[str, int]) -> tuple[int, int]:
    """Training and test images that the evaluation uses of splits of these sizes, if it may."""
    train = min(ev.train_count or splits[ev.train], splits[ev.train])
    return train, min(ev.test_count or splits[ev.test], splits[ev.test])


def items_used(ev: EvalSpec, listings: Listings) -> EvalItems | None:
    """What the evaluation uses of its splits, as listed; None if one that it needs is missing.

    Images of other classes, and those without a label, are left out where labels were read.
    """
    listed = {split: listings.get((ev.dataset, split)) for split in (ev.train, ev.test)}
    sizes = {split: listing.images for split, listing in listed.items() if listing is not None}
    if len(sizes) < len(listed) and ev.traits.needs_labels:
        return None
    classes = EvalItems(0, 0).classes
    contents = [listing.content for listing in listed.values() if listing is not None]
    if len(sizes) == len(listed) and all(isinstance(each, SplitContent) for each in contents):
        of = zip(listed, cast(list[SplitContent], contents), strict=True)
        sources = {split: content.source for split, content in of}
        with suppress(DataError):  # which readiness reports
            if not any(is_computed(source) for source in sources.values()):  # else a download
                for split in sizes:
                    places = positions(ev, split, sources)
                    sizes[split] = len(places) if places is not None else sizes[split]
            classes = _number_of_classes(ev, sources[ev.train]) or classes
    train = ev.training_items(sizes[ev.train]) if len(sizes) == len(listed) else 0
    test = sizes.get(ev.test, 0)
    return EvalItems(train, min(ev.test_count or test, test), classes)


def _number_of_classes(ev: EvalSpec, split: LabelledSplit) -> int:
    """Classes of the label of `ev`, of those that it selects; 0 if unknown."""
    names = split.classes.get(ev.label) or ()
    if ev.classes is None:
        return len(names)
    column = {ev.label: np.zeros(0, np.int64)}  # only the names matter here
    return len(among(ev.classes, ev.label, column, split.classes, f"evaluations ({ev.name})")[0])


def has_masks(split: LabelledSplit) -> bool:
    """Whether the class of each pixel is known."""
    if isinstance(split, Masked):
        return split.has_masks
    return getattr(split, "masks", None) is not None  # of decoded arrays


def mask_values(ev: EvalSpec, split: str, has: LabelledSplit) -> Labels | None:
    """Classes in the masks that the evaluation uses of a split; None before they are decoded."""
    masks = getattr(has, "masks", None)
    if masks is None:
        return None
    count = {ev.train: ev.train_count, ev.test: ev.test_count}.get(split)
    used = np.sort(sample_items(np.arange(len(has)), count, ev.seed, content_in(has)))
    found = np.zeros(256, np.bool_)
    for start in range(0, len(used), MASKS):
        found[np.unique(masks[used[start : start + MASKS]])] = True
    if ev.ignore is not None:
        found[ev.ignore] = False
    return np.flatnonzero(found).astype(np.int64)


def plenty(ev: EvalSpec, splits: LabelledSplits) -> bool:
    """Whether a built-in dataset has so many images of each class that none need be counted."""
    if ev.uses_label_fraction or ev.classes is not None or ev.val is not None:
        return False
    if ev.folds is not None:
        return False
    classes = len(splits[ev.train].classes.get(ev.label) or ())
    built_in = ev.dataset.partition("?")[0] in EMBEDDED
    return built_in and (ev.train_count or len(splits[ev.train])) >= PLENTY * max(2, classes)


def class_numbers(ev: EvalSpec, splits: LabelledSplits) -> tuple[list[str], dict[str, Labels]]:
    """The classes of the splits, and the class numbers [N] of each that has the labels of `ev`.

    The same class has one number in all splits: numbers are matched by the names of the classes.
    Raises DataError where names are ambiguous.
    """
    columns = {
        split: (column := has.labels[ev.label], has.classes.get(ev.label) or _counted(column))
        for split, has in splits.items()
        if ev.label in has.labels
    }
    return aligned(columns, f"evaluations ({ev.name}): label {ev.label!r}")


def labelled(ev: EvalSpec, splits: LabelledSplits) -> Labelled:
    """The labels that the evaluation uses. Raises DataError where they cannot be matched."""
    train = chosen_labels(ev, ev.train, splits)
    val = chosen_labels(ev, ev.val, splits) if ev.val else train[:0]
    counts = occurring(train)[1]
    if ev.label_fraction is not None:  # rounded, at least one
        counts = np.maximum(1, np.floor(ev.label_fraction * counts + 0.5).astype(np.int64))
    elif ev.per_class is not None:
        counts = np.minimum(counts, ev.per_class)
    return Labelled(train, val, counts, chosen_labels(ev, ev.test, splits))


def occurring(numbers: Labels) -> tuple[Labels, Labels]:
    """The different class numbers among `numbers`, ascending, and how many images have each."""
    counts = np.bincount(numbers)
    different = np.flatnonzero(counts).astype(np.int64)
    return different, counts[different].astype(np.int64)


def chosen_labels(ev: EvalSpec, split: str, splits: LabelledSplits) -> Labels:
    """The class numbers of the images that the evaluation uses of a split.

    In the order of the evaluation, save for a test split used whole: counting needs none.
    """
    column = class_numbers(ev, splits)[1][split]
    of = positions(ev, split, splits)
    of = np.arange(len(column)) if of is None else of
    count = {ev.train: ev.train_count, ev.test: ev.test_count}.get(split)
    if count is None and split != ev.train and len(of):
        whole: Labels = column[of]
        return whole
    content = content_in(splits[split])
    digests = None if content is None else content[of]
    chosen: Labels = column[of[sample_items(of, count, ev.seed, digests)]]
    return chosen


def positions(ev: EvalSpec, split: str, splits: LabelledSplits) -> Labels | None:
    """The images of a split that `ev` may use, ascending: None for all of them.

    Images without a label are left out where labels are needed. Raises DataError.
    """
    if ev.classes is not None:
        return of_classes(ev, split, splits)[1]
    if not ev.traits.needs_labels or ev.label not in splits[split].labels:
        return None
    has_label = splits[split].labels[ev.label] != UNLABELLED
    return None if has_label.all() else np.flatnonzero(has_label).astype(np.int64)


def of_classes(ev: EvalSpec, split: str, splits: LabelledSplits) -> tuple[Labels, Labels]:
    """The numbers of the evaluation's classes, and the ascending positions of their images.

    Raises DataError.
    """
    assert ev.classes is not None
    where = f"evaluations ({ev.name}): classes"
    if ev.label not in splits[split].labels:
        return among(ev.classes, ev.label, {}, {}, where)  # raises
    names, numbers = class_numbers(ev, splits)
    return among(ev.classes, ev.label, {ev.label: numbers[split]}, {ev.label: names}, where)


def _counted(column: Labels) -> list[str]:
    return [str(i) for i in range(int(column.max(initial=-1)) + 1)]


def content_in(has: LabelledSplit) -> Digests | None:
    """The digest of each image, as listed or as decoded; None if unknown."""
    return has.content if isinstance(has, Arrays) else content_of(cast(Source, has))
