"""Runs that are pretrained beside a task, as one network with it."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from threading import Event
from typing import NamedTuple

import torch
from torch import Tensor

from datayield.run.failures import out_of_memory, write_failure
from datayield.run.loop import CHECKPOINT, Member, Tick, read_tensors, train
from datayield.run.training_data import training_data_of
from datayield.spec.errors import (
    BusyError,
    DatayieldError,
    InterruptedRunError,
    StoreError,
    TrainingError,
)
from datayield.spec.run import RunSpec
from datayield.store.folders import RunFolder, Store
from datayield.store.plan import Task, as_of_now, label
from datayield.store.run_lock import run_lock


@contextmanager
def joined(
    tasks: tuple[Task, ...],
    first: Task,
    store: Store,
    device: torch.device,
    stack: tuple[str, ...],
) -> Iterator[list[Member]]:
    """Those of `tasks` that can train with `first`, their runs locked within the block.

    Left out are runs that another process holds, that are finished, that stand at another step or
    began in another stack than `stack`, or that cannot start: each of them is a task of its own,
    which tells why. A run that diverged in the block has its failure recorded.
    """
    begun = _begun(store.run(first.spec.id), stack)
    with ExitStack() as held:
        members = [
            member for task in tasks if (member := _member(task, begun, store, device, held))
        ]
        yield members
        for member in members:
            if member.error is not None:
                write_failure(member.folder, member.error)


def _member(
    task: Task, first: "_Begun", store: Store, device: torch.device, held: ExitStack
) -> Member | None:
    spec = task.spec
    with ExitStack() as own:
        try:
            lock = own.enter_context(run_lock(store.run(spec.id).path, 0.0))
            folder = store.run(spec.id)._replace(lock=lock)
            folder.sweep()
            now = as_of_now(task, store)
            if not isinstance(spec, RunSpec) or now.share_left == 0:
                return None
            if _begun(folder, first.stack) != first:
                return None
            folder.write_spec(spec)
            folder.failure.unlink(missing_ok=True)
            folder.remove(folder.path / "spent.json")
            data = training_data_of(spec, device)
            own.callback(data.images.close)
            weights = None if folder.has_state() else encoder_before(spec, store)
        except DatayieldError:
            return None
        held.enter_context(own.pop_all())
    return Member(spec, data, folder, now.shares, device, weights, label=task.label)


def train_in_memory(
    runs: Sequence[Member], stack: tuple[str, ...], stop: Event, save_seconds: float
) -> Iterator[Tick | str]:
    """`train` them, in two halves of the stack where all of it does not fit in memory, and so on.

    Raises what ends the first of `runs`, whose task this is.
    """
    first, waiting = runs[0], [stack or (runs[0].spec.id,)]
    while waiting:
        now = waiting.pop(0)
        part = [run for run in runs if run.spec.id in now]
        if not part:
            continue
        fits = True
        try:
            yield from train(part, stop, save_seconds, now)
        except (InterruptedRunError, BusyError):
            raise
        except Exception as error:
            own = part[0] is first
            if out_of_memory(error) and len(now) > 1:
                fits = False
            elif own or not (out_of_memory(error) or isinstance(error, TrainingError)):
                raise
        if not fits:  # here, as the error would keep the memory in use
            half = (len(now) + 1) // 2
            waiting = [now[:half], now[half:], *waiting]
            for run in part:
                run.release()
            yield f"{first.label}: {len(now)} runs at once do not fit in memory; trying {half}"


def stack_begun(folder: RunFolder, planned: tuple[str, ...]) -> tuple[str, ...]:
    """The stack that a run began in; `planned` if it has not begun."""
    return _begun(folder, planned).stack


class _Begun(NamedTuple):
    """The step that a run's saved state stands at, and the stack that it began in."""

    step: int
    stack: tuple[str, ...]


def _begun(folder: RunFolder, wanted: tuple[str, ...]) -> _Begun:
    """How far a run is; `wanted` is the stack of one that has not begun."""
    progress = folder.progress()
    if progress is None or not folder.has_state():
        return _Begun(0, wanted)
    return _Begun(progress.step, progress.stack)


def encoder_before(spec: RunSpec, store: Store) -> dict[str, Tensor] | None:
    """The final encoder of an earlier run, if `spec` starts from one."""
    if spec.before is None:
        return None
    before = spec.before.id
    path = store.run(before).checkpoint(1.0)
    if not path.exists():
        raise StoreError(
            f"the run that initializes this one is not finished: {label(spec.before)}",
            where=str(path),
            hint="datayield run trains it first; if it failed or is locked, see datayield status",
        )
    content = read_tensors(path, torch.device("cpu"), CHECKPOINT, run=before, share=1.0)
    weights: dict[str, Tensor] = content["encoder"]
    return weights
