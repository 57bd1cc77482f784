"""Runs that are pretrained beside a task, as one network with it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor

from datayield.run.failures import write_failure
from datayield.run.loop import CHECKPOINT, Member, read_tensors
from datayield.run.training_data import training_data_of
from datayield.spec.errors import DatayieldError, StoreError
from datayield.spec.run import RunSpec
from datayield.store.folders import RunFolder, Store
from datayield.store.plan import Task, as_of_now, label
from datayield.store.run_lock import run_lock


@contextmanager
def joined(
    tasks: tuple[Task, ...], first: Task, store: Store, device: torch.device
) -> Iterator[list[Member]]:
    """Those of `tasks` that can train with `first`, their runs locked within the block.

    Left out are runs that another process holds, that are finished, that stand at another step, or
    that cannot start: each of them is a task of its own, which tells why. A run that diverged in
    the block has its failure recorded.
    """
    with ExitStack() as stack:
        members = [
            member
            for task in tasks
            if (member := _member(task, _step(store.run(first.spec.id)), store, device, stack))
        ]
        yield members
        for member in members:
            if member.error is not None:
                write_failure(member.folder, member.error)


def _member(
    task: Task, step: int, store: Store, device: torch.device, stack: ExitStack
) -> Member | None:
    spec = task.spec
    with ExitStack() as held:
        try:
            lock = held.enter_context(run_lock(store.run(spec.id).path, 0.0))
            folder = store.run(spec.id)._replace(lock=lock)
            folder.sweep()
            now = as_of_now(task, store)
            if not isinstance(spec, RunSpec) or now.share_left == 0 or _step(folder) != step:
                return None
            folder.write_spec(spec)
            folder.failure.unlink(missing_ok=True)
            folder.remove(folder.path / "spent.json")
            data = training_data_of(spec, device)
            held.callback(data.images.close)
            weights = None if folder.has_state() else encoder_before(spec, store)
        except DatayieldError:
            return None
        stack.enter_context(held.pop_all())
    return Member(spec, data, folder, now.shares, device, weights, label=task.label)


def _step(folder: RunFolder) -> int:
    """The step that a run's saved state stands at."""
    progress = folder.progress()
    return progress.step if progress is not None and folder.has_state() else 0


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
