"""The class numbers of an evaluation's decoded images, and which of them it may use."""

from datayield.data import evaluated
from datayield.data.decoded import Arrays
from datayield.data.source import Labels
from datayield.run.training_data import arrays_of
from datayield.spec.evaluation import EvalSpec


def labels_in(ev: EvalSpec, split: str) -> tuple[Labels, list[str]]:
    """Class numbers [N] of a split, and the classes of all splits: see `class_numbers`."""
    names, numbers = evaluated.class_numbers(ev, _decoded(ev, split))
    return numbers[split], names


def positions(ev: EvalSpec, split: str) -> Labels | None:
    """See `data.evaluated.positions`."""
    return evaluated.positions(ev, split, _decoded(ev, split))


def of_classes(ev: EvalSpec, split: str) -> tuple[Labels, Labels]:
    """See `data.evaluated.of_classes`."""
    return evaluated.of_classes(ev, split, _decoded(ev, split))


def _decoded(ev: EvalSpec, split: str) -> dict[str, Arrays]:
    splits = dict.fromkeys((*ev.splits, split))
    return {each: arrays_of(ev.dataset, each, ev.size, ev.fit) for each in splits}
