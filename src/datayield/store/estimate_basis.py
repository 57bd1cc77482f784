"""What the time estimate of a plan rests on: its kinds of work, by how their time is known."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from datayield.spec.run import RunSpec
from datayield.store.estimate import Basis, ItemCounts, TimeEstimate, evaluation, pretraining
from datayield.store.plan import Task
from datayield.store.speeds import Speeds, eval_key, speed_key


class EstimateBasis(NamedTuple):
    """How many kinds of pending work there are, by what their time rests on; see `TimeEstimate`.

    A kind is a shape of training (all that changes the time of an image) or an evaluation of an
    encoder. `donors`: the encoders whose speed is scaled by FLOPs.
    """

    runs: int
    measured: int
    scaled: int
    across: int
    unknown: int
    donors: tuple[str, ...]

    @property
    def kinds(self) -> int:
        """All kinds of work."""
        return self.runs + self.measured + self.scaled + self.across + self.unknown


def basis_of(tasks: Sequence[Task], speeds: Speeds, counts: ItemCounts) -> EstimateBasis:
    """The basis of the time that is left for `tasks`."""
    kinds = dict(_kinds(tasks, speeds, counts))
    by: Counter[Basis] = Counter("" if e is None else e.basis for e in kinds.values())
    donors = {donor for e in kinds.values() if e is not None for donor in e.donors}
    return EstimateBasis(
        by["runs"], by["measured"], by["scaled"], by["across"], by[""], tuple(sorted(donors))
    )


def _kinds(
    tasks: Sequence[Task], speeds: Speeds, counts: ItemCounts
) -> Iterator[tuple[str, TimeEstimate | None]]:
    """(key, estimate) of each kind of pending work; a kind may occur again."""
    done: set[str] = set()
    for task in tasks:
        spec = task.spec
        if isinstance(spec, RunSpec) and task.share_left > 0:
            key = speed_key(spec)
            if key not in done:
                yield key, pretraining(spec, 1.0, speeds)
            done.add(key)
        for _, ev in task.pending:
            key = eval_key(spec.encoder, ev)
            if key not in done:
                yield key, evaluation(spec.encoder, ev, speeds, counts)
            done.add(key)
