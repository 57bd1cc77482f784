"""The class numbers of an evaluation's images: the same class has one number in all its splits."""

import numpy as np

from datayield.data.class_names import aligned
from datayield.data.decoded import Arrays
from datayield.data.selection import among
from datayield.data.source import UNLABELLED, Labels
from datayield.run.training_data import arrays_of
from datayield.spec.evaluation import EvalSpec


def labels_in(ev: EvalSpec, split: str) -> tuple[Labels, list[str]]:
    """Class numbers [N] of a decoded split, and the classes of all splits that `ev` reads.

    Numbers are matched by the names of the classes. Raises DataError where names are ambiguous.
    """
    columns = {}
    for each in dict.fromkeys((*ev.splits, split)):
        arrays = arrays_of(ev.dataset, each, ev.size, ev.fit)
        if ev.label in arrays.labels:
            columns[each] = (
                arrays.labels[ev.label],
                arrays.classes.get(ev.label) or _counted(arrays, ev),
            )
    names, numbers = aligned(columns, f"evaluations ({ev.name}): label {ev.label!r}")
    return numbers[split], names


def positions(ev: EvalSpec, split: str) -> Labels | None:
    """The images of a decoded split that `ev` may use, ascending: None for all of them.

    Images without a label are left out where labels are needed.
    """
    if ev.classes is not None:
        return of_classes(ev, split)[1]
    arrays = arrays_of(ev.dataset, split, ev.size, ev.fit)
    if not ev.traits.needs_labels or ev.label not in arrays.labels:
        return None
    labelled = arrays.labels[ev.label] != UNLABELLED
    return None if labelled.all() else np.flatnonzero(labelled).astype(np.int64)


def of_classes(ev: EvalSpec, split: str) -> tuple[Labels, Labels]:
    """The numbers of the evaluation's classes, and the positions of their images."""
    assert ev.classes is not None
    where = f"evaluations ({ev.name}): classes"
    labels, names = {}, {}
    if ev.label in arrays_of(ev.dataset, split, ev.size, ev.fit).labels:
        labels[ev.label], names[ev.label] = labels_in(ev, split)
    return among(ev.classes, ev.label, labels, names, where)


def _counted(arrays: Arrays, ev: EvalSpec) -> list[str]:
    return [str(i) for i in range(int(arrays.labels[ev.label].max(initial=-1)) + 1)]
