"""What evaluations need of their images, checked before anything is trained.

By listings and labels alone, or by decoded arrays: both are a `LabelledSplit`. `REQUIREMENTS` holds
the conditions of each protocol, those under which its function in `evals` would raise.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from datayield.data.class_names import loose
from datayield.data.evaluated import (
    Labelled,
    LabelledSplit,
    LabelledSplits,
    class_numbers,
    has_masks,
    mask_values,
    occurring,
    plenty,
    positions,
    read_splits,
)
from datayield.data.folds import labelled_parts
from datayield.data.source import Labels
from datayield.spec.errors import DataError
from datayield.spec.evaluation import EvalSpec

NAMED = 3  # classes that a note names
Condition = Callable[[EvalSpec, Labelled], DataError | None]


def _trained(known: Labelled) -> tuple[Labels, Labels]:
    """The classes that have images for training or validation, and how many each."""
    return occurring(np.concatenate([known.train, known.val]))


def _only(classes: Labels, others: Labels) -> list[int]:
    """Those of `classes` that are not among `others`, ascending."""
    return sorted(set(classes.tolist()) - set(others.tolist()))


def _two_classes(ev: EvalSpec, known: Labelled) -> DataError | None:
    classes = len(_trained(known)[0])
    if classes >= 2:
        return None
    return DataError(
        "a classifier needs training items of at least two classes",
        where=f"evaluations ({ev.name}): {'train_count' if ev.train_count else 'label'}",
        got=f"{_items(len(known.train), classes)} in {ev.dataset!r} split {ev.train!r}",
        hint="raise train_count, choose another label, or measure the features with spectrum@1",
    )


def _a_class_of_two(ev: EvalSpec, known: Labelled) -> DataError | None:
    if known.kept.max(initial=0) >= 2:
        return None
    return DataError(
        "no class has two training items, so no validation set can be held out",
        where=f"evaluations ({ev.name}): {_of_count(ev)}",
        got=_items(int(known.kept.sum()), len(known.kept)),
        allowed="two items of one class, better ten of each",
        hint=f"raise {_of_count(ev)}, or use knn@1, which holds nothing out",
    )


def _enough_to_hold_out(ev: EvalSpec, known: Labelled) -> DataError | None:
    """vtab@1 without a validation split: a fifth is held out, whatever its classes."""
    if ev.val is not None:
        fitted = known.train
    elif len(known.train) < 5:
        return DataError(
            "too few training items to hold out a validation part",
            where=f"evaluations ({ev.name}): train_count",
            got=len(known.train),
            allowed="5 or more",
            hint="raise train_count, or name a split for val",
        )
    else:
        held, counts = len(known.train) // 5, occurring(known.train)[1]
        if len(known.train) - counts.max() > held:  # not all of the others can be held out
            return None
        order = np.random.Generator(np.random.PCG64(ev.seed)).permutation(len(known.train))
        fitted = known.train[order[held:]]
    classes = len(occurring(fitted)[0])
    if classes >= 2:
        return None
    return DataError(
        "a classifier needs training items of at least two classes besides those held out",
        where=f"evaluations ({ev.name}): train_count",
        got=_items(len(fitted), classes),
        hint="raise train_count, or name a split for val",
    )


def _per_class(ev: EvalSpec, known: Labelled) -> DataError | None:
    numbers, counts = occurring(known.train)
    if ev.per_class is None or not len(counts) or ev.per_class <= counts.min():
        return None
    least = int(counts.argmin())
    sampled = f" among train_count: {ev.train_count}" if ev.train_count else ""
    return DataError(
        f"class {numbers[least]} of {ev.dataset!r} split {ev.train!r} has {counts[least]:,} "
        f"{'image' if counts[least] == 1 else 'images'}{sampled}, fewer than per_class",
        where=f"evaluations ({ev.name}): per_class",
        got=ev.per_class,
        allowed=f"1 to {counts[least]}",
        hint="lower per_class, raise train_count, or use label_fraction",
    )


def _a_class_in_common(ev: EvalSpec, known: Labelled) -> DataError | None:
    tested = occurring(known.test)[0]
    if not set(tested.tolist()).isdisjoint(_trained(known)[0].tolist()):
        return None
    return DataError(
        "no test image is of a class that has training images, so every score would be 0",
        where=f"evaluations ({ev.name}): train, test",
        got=f"{len(known.test)} test images of {len(tested)} classes",
        hint="check that the splits are of the same dataset and spell classes alike, or raise "
        "train_count",
    )


def _spelled_alike(ev: EvalSpec, known: Labelled, names: Sequence[str]) -> Iterator[DataError]:
    """Classes of one split alone whose names differ in capitals, separators or zeros only."""
    train, test = _trained(known)[0], occurring(known.test)[0]
    twins = {loose(names[k]): names[k] for k in _only(train, test)}
    for name in (names[k] for k in _only(test, train)):
        if loose(name) in twins:
            yield DataError(
                f"class {name!r} is ambiguous: is it {twins[loose(name)]!r}?",
                where=f"evaluations ({ev.name}): label {ev.label!r}",
                got=f"{ev.train}: {twins[loose(name)]}; {ev.test}: {name}",
                allowed="the same spelling in all splits",
                hint="rename one of them",
            )


REQUIREMENTS: dict[str, tuple[Condition, ...]] = {
    "linear@1": (_two_classes, _per_class, _a_class_of_two, _a_class_in_common),
    "linear_sgd@1": (_two_classes, _a_class_of_two, _a_class_in_common),
    "linear_sgd@2": (_two_classes, _a_class_of_two, _a_class_in_common),
    "knn@1": (_two_classes, _per_class, _a_class_in_common),
    "vtab@1": (_two_classes, _enough_to_hold_out, _a_class_in_common),
    "finetune@1": (_two_classes, _a_class_in_common),
    # These have no classes of images; `refusals` checks that there are masks, or two images.
    "segment@1": (),
    "segment@2": (),
    "spectrum@1": (),
    "state@1": (),
    "augmentation_spectrum@1": (),
}


class Examined(NamedTuple):
    """Why an evaluation cannot be measured; and, if it can, what makes its scores worse."""

    refusals: tuple[DataError, ...]
    notes: tuple[str, ...] = ()


def examined(ev: EvalSpec, splits: LabelledSplits) -> Examined:
    """The evaluation on `splits`, which holds what `read_splits` names."""
    read = {split: splits[split] for split in read_splits(ev)}
    used = read if ev.traits.needs_labels else (ev.test,)
    errors = [e for split in used for e in _of_split(ev, split, read)]
    if errors or not REQUIREMENTS[ev.protocol] or plenty(ev, splits):
        return Examined(tuple(errors))
    try:
        parts, names = labelled_parts(ev, read), class_numbers(ev, read)[0]
    except DataError as error:  # classes that cannot be matched, or fewer labels than images
        return Examined((error,))
    if ev.folds is None and (alike := (*_spelled_alike(ev, parts[0], names),)):
        return Examined(alike)
    for condition in REQUIREMENTS[ev.protocol]:
        for known in parts:
            if refusal := condition(ev, known):
                return Examined((refusal,))  # the others would follow from it
    notes = (tuple(_notes(ev, known, names)) for known in parts)
    return Examined((), next(filter(None, notes), ()))


def _notes(ev: EvalSpec, known: Labelled, names: Sequence[str]) -> Iterator[str]:
    numbers, counts = _trained(known)
    lost = _only(occurring(known.test)[0], numbers)
    if lost:
        always = int(np.isin(known.test, lost).sum())
        yield (
            f"{ev.name}: {_classes(lost, names)} of the test images missing in train: "
            f"{always:,} of {len(known.test):,} test images are always wrong"
        )
    if _a_class_of_two in REQUIREMENTS[ev.protocol] and (single := numbers[counts == 1].tolist()):
        yield (
            f"{ev.name}: {_classes(single, names)} of a single training image, which cannot be "
            "held out for validation"
        )


def _of_split(ev: EvalSpec, split: str, splits: LabelledSplits) -> list[DataError]:
    has = splits[split]
    try:
        _check_labels(ev, split, has)
        built_in = ev.traits.needs_labels and plenty(ev, splits)
        of = None if ev.traits.reads_masks or built_in else positions(ev, split, splits)
        images = len(has) if of is None else len(of)
    except DataError as error:
        return [error]
    count = {ev.train: ev.train_count, ev.test: ev.test_count}.get(split)
    key = "train_count" if split == ev.train else "test_count" if split == ev.test else "val"
    least = 1 if ev.traits.needs_labels else 2
    if (count or least) <= images:
        return _of_masks(ev, split, has) if ev.traits.reads_masks else []
    chosen = f" of {ev.classes.words()}" if ev.classes is not None else ""
    usable = "usable" if of is None or ev.classes is not None else "labelled"
    return [
        DataError(
            f"{ev.dataset!r} split {split!r} has {images:,} {usable} "
            f"{'image' if images == 1 else 'images'}{chosen}",
            where=f"evaluations ({ev.name}): {key}",
            got=count or images,
            allowed=f"2 to {images}" if images >= 2 else f"{least} or more images",
            hint="use a smaller count, or omit it to use all" if count else "add images",
        )
    ]


def _check_labels(ev: EvalSpec, split: str, has: LabelledSplit) -> None:
    if ev.traits.reads_masks and not has_masks(has):
        raise DataError(
            f"{ev.dataset!r} split {split!r} has no masks",
            where=f"evaluations ({ev.name}): dataset",
            got=ev.dataset,
            allowed="parquet with a column mask of PNG images, or torchvision/OxfordIIITPet",
            hint="segment@1 needs the class of each pixel; finetune@1 needs that of the image",
        )
    read = ev.traits.needs_labels and not ev.traits.reads_masks
    if not read or ev.label in has.classes or ev.label in has.labels:  # numbers without names
        return
    others, hint = [*has.labels], "unlabeled data can be pretrained on; evaluate it with spectrum@1"
    if others:
        hint = f"use label: {others[0]}" if len(others) == 1 else "choose one of those"
    raise DataError(
        f"{ev.dataset!r} split {split!r} has no labels called {ev.label!r}",
        got=ev.label,
        where=f"evaluations ({ev.name}): label",
        allowed=others or "none (this split is unlabeled)",
        hint=hint,
    )


def _of_count(ev: EvalSpec) -> str:
    """The key that decides how many labels there are."""
    return "label_fraction" if ev.label_fraction is not None else "train_count"


def _of_masks(ev: EvalSpec, split: str, has: LabelledSplit) -> list[DataError]:
    """Masks that hold too few classes; known once they are decoded."""
    values, least = mask_values(ev, split, has), 2 if split == ev.train else 1
    if values is None or len(values) >= least:
        return []
    return [
        DataError(
            f"the masks of {ev.dataset!r} split {split!r} hold too few classes that are not "
            f"ignored: {len(values)}",
            where=f"evaluations ({ev.name}): ignore, dataset",
            got=f"ignore: {ev.ignore}",
            allowed=f"{least} or more classes",
            hint="use more images, or check which value marks unlabelled pixels",
        )
    ]


def _items(items: int, classes: int) -> str:
    """ "1 item of 1 class", "12 items of 0 classes"."""
    kinds = "1 class" if classes == 1 else f"{classes:,} classes"
    return f"1 item of {kinds}" if items == 1 else f"{items:,} items of {kinds}"


def _classes(numbers: Sequence[int], names: Sequence[str]) -> str:
    """ "2 classes (bee, wasp)"."""
    listed = [names[k] if k < len(names) else str(k) for k in numbers[:NAMED]]
    more = ", ..." if len(numbers) > NAMED else ""
    plural = "class" if len(numbers) == 1 else "classes"
    return f"{len(numbers)} {plural} ({', '.join(listed)}{more})"
