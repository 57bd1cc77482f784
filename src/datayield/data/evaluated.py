"""Which images and labels an evaluation uses of a split, as listed or as decoded."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, cast

import numpy as np

from datayield.data.catalog import EMBEDDED
from datayield.data.content import Digests, content_of
from datayield.data.decoded import Arrays
from datayield.data.selection import among, sample_items
from datayield.data.source import UNLABELLED, Labels, Masked, Source
from datayield.spec.evaluation import EvalSpec

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


def read_splits(ev: EvalSpec) -> tuple[str, ...]:
    """The splits whose images the protocol reads."""
    return tuple(dict.fromkeys(ev.splits)) if ev.traits.needs_labels else (ev.test,)


def item_counts(ev: EvalSpec, splits: Mapping[str, int]) -> tuple[int, int]:
    """Training and test images that the evaluation uses of splits of these sizes, if it may."""
    train = min(ev.train_count or splits[ev.train], splits[ev.train])
    return train, min(ev.test_count or splits[ev.test], splits[ev.test])


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
    classes = len(splits[ev.train].classes.get(ev.label) or ())
    built_in = ev.dataset.partition("?")[0] in EMBEDDED
    return built_in and (ev.train_count or len(splits[ev.train])) >= PLENTY * max(2, classes)


def labelled(ev: EvalSpec, splits: LabelledSplits) -> Labelled:
    """The labels that the evaluation uses for training. Raises DataError if `refusals` has any."""
    train = chosen_labels(ev, ev.train, splits[ev.train])
    val = chosen_labels(ev, ev.val, splits[ev.val]) if ev.val else train[:0]
    counts = np.unique(train, return_counts=True)[1]
    if ev.label_fraction is not None:  # rounded, at least one
        counts = np.maximum(1, np.floor(ev.label_fraction * counts + 0.5).astype(np.int64))
    elif ev.per_class is not None:
        counts = np.minimum(counts, ev.per_class)
    return Labelled(train, val, counts)


def chosen_labels(ev: EvalSpec, split: str, has: LabelledSplit) -> Labels:
    """The class numbers of the images that the evaluation uses of a split."""
    column: Labels = has.labels[ev.label]
    labelled = np.flatnonzero(column != UNLABELLED)
    of = labelled if ev.classes is None else of_classes(ev, has)
    count = {ev.train: ev.train_count, ev.test: ev.test_count}.get(split)
    content = content_in(has)
    digests = None if content is None else content[of]
    chosen: Labels = column[of[sample_items(of, count, ev.seed, digests)]]
    return chosen


def content_in(has: LabelledSplit) -> Digests | None:
    """The digest of each image, as listed or as decoded; None if unknown."""
    return has.content if isinstance(has, Arrays) else content_of(cast(Source, has))


def of_classes(ev: EvalSpec, has: LabelledSplit) -> Labels:
    """Ascending positions of the images of the evaluation's classes. Raises DataError."""
    assert ev.classes is not None
    where = f"evaluations ({ev.name}): classes"
    return among(ev.classes, ev.label, has.labels, has.classes, where)[1]
