"""Which runs are trained with which as one network, so that a kill does not change it."""

from collections.abc import Iterable, Iterator

from datayield.run.loop import StackShape, shape_of
from datayield.spec.run import RunSpec
from datayield.store.folders import Store
from datayield.store.plan import Task

Stacks = dict[str, tuple[str, ...]]  # run -> the ids of its stack, by their places


def stack_members(tasks: Iterable[Task], store: Store, size: int) -> Stacks:
    """The stack of every pending run that has one; `size`: the most runs of a new stack.

    A run that has begun stays with those that it began with, or alone; the others are stacked in
    the order of the plan. So what is left after a kill is stacked as it was before.
    """
    fresh: dict[str, Task] = {}
    stacks: Stacks = {}
    for task in tasks:
        if not isinstance(task.spec, RunSpec) or task.share_left == 0 or task.part is not None:
            continue
        folder = store.run(task.spec.id)
        progress = folder.progress() if folder.has_state() else None
        if progress is None:
            fresh[task.spec.id] = task
        elif progress.stack:
            stacks[task.spec.id] = progress.stack
    for stack in list(stacks.values()):
        for run in stack:
            if fresh.pop(run, None) is not None:
                stacks[run] = stack
    for stack in _new(fresh.values(), size) if size > 1 else ():
        stacks |= dict.fromkeys(stack, stack)
    return stacks


def _new(tasks: Iterable[Task], size: int) -> Iterator[tuple[str, ...]]:
    """Stacks of runs of one shape that come after as many others."""
    alike: dict[tuple[StackShape, int], list[str]] = {}
    for task in tasks:
        assert isinstance(task.spec, RunSpec)
        key = shape_of(task.spec), len(list(task.spec.chain))
        alike.setdefault(key, []).append(task.spec.id)
    for runs in alike.values():
        for at in range(0, len(runs), size):
            if len(runs) - at > 1:
                yield tuple(runs[at : at + size])
