"""The class numbers of an evaluation's decoded images, and which of them it may use."""

import numpy as np
import torch
from torch import Tensor

from datayield.data import evaluated
from datayield.data.decoded import Arrays
from datayield.data.folds import folds_of
from datayield.data.selection import sample_items
from datayield.data.source import Labels
from datayield.run.decoded_splits import arrays_of
from datayield.spec.evaluation import EvalSpec


def labels_in(ev: EvalSpec, split: str) -> tuple[Labels, list[str]]:
    """Class numbers [N] of a split, and the classes of all splits: see `class_numbers`."""
    names, numbers = evaluated.class_numbers(ev, _decoded(ev, split))
    return numbers[split], names


def positions(ev: EvalSpec, split: str) -> Labels | None:
    """See `data.evaluated.positions`."""
    return evaluated.positions(ev, split, _decoded(ev, split))


def chosen_images(ev: EvalSpec, split: str, count: int | None) -> tuple[Arrays, Labels]:
    """A decoded split, and the evaluation's positions in it: in the order of their contents, so
    that names of files decide nothing, else ascending.
    """
    arrays = arrays_of(ev.dataset, split, ev.decoded_side, ev.fit)
    of = None if ev.traits.reads_masks else positions(ev, split)
    of = np.arange(len(arrays)) if of is None else of
    content = None if arrays.content is None else arrays.content[of]
    chosen = of[sample_items(of, count, ev.seed, content)]
    return arrays, np.sort(chosen) if content is None else chosen


def of_classes(ev: EvalSpec, split: str) -> tuple[Labels, Labels]:
    """See `data.evaluated.of_classes`."""
    return evaluated.of_classes(ev, split, _decoded(ev, split))


def fold_parts(ev: EvalSpec) -> list[tuple[Tensor, Tensor]]:
    """Places of training and of test items of each fold, among those of `chosen_images`."""
    folds = folds_of(ev, _decoded(ev, ev.test))
    return [
        (torch.from_numpy(train), torch.from_numpy(test))
        for train, test in folds.parts(ev.train_count)
    ]


def _decoded(ev: EvalSpec, split: str) -> dict[str, Arrays]:
    splits = dict.fromkeys((*ev.splits, split))
    return {each: arrays_of(ev.dataset, each, ev.decoded_side, ev.fit) for each in splits}
