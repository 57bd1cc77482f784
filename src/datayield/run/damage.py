"""Damaged files of the store: found before they are used, moved aside, and their work done again.

A damaged file is renamed to `<name>.damaged`, and removed a day later. From then on it is missing,
and whatever it held is computed again as if it had never been there.
"""

from collections.abc import Iterator
from pathlib import Path

import torch

from datayield.run.loop import CHECKPOINT, STATE, read_tensors
from datayield.spec.atomic_files import set_aside
from datayield.spec.errors import DamagedFileError
from datayield.spec.run import RunSpec
from datayield.store.folders import RunFolder, Store
from datayield.store.plan import Plan, Task

CPU = torch.device("cpu")


def set_aside_damaged(task: Task, folder: RunFolder) -> Iterator[str]:
    """Move aside each damaged file that the task would read; yields a note on each.

    Only for who holds the run. Raises StoreError where a file cannot be moved.
    """
    wrong = folder.damaged_run_cost()
    if wrong:
        yield _aside(folder.path / "spent.json", wrong)
    for share, ev in task.pending:
        wrong = folder.damaged(share, ev.id)
        if wrong:
            yield _aside(folder.result(share, ev.id), wrong)
    if not isinstance(task.spec, RunSpec):
        return
    run, unfinished = task.spec.id, not folder.has_run_cost()
    for share in task.shares if unfinished else sorted({share for share, _ in task.pending}):
        yield from _checked(folder.checkpoint(share), CHECKPOINT, run=run, share=share)
    if unfinished:
        yield from _checked(folder.state, STATE, run=run)


def set_aside_damaged_parents(plan: Plan, store: Store) -> Iterator[str]:
    """The same for the last checkpoints of finished runs that pending ones start from."""
    pending = {task.spec.id for task in plan.todo if task.share_left > 0}
    specs = [task.spec for task in plan.todo if task.share_left > 0]
    parents = {s.before.id for s in specs if isinstance(s, RunSpec) and s.before is not None}
    for run in sorted(parents - pending):
        yield from _checked(store.run(run).checkpoint(1.0), CHECKPOINT, run=run, share=1.0)


def _checked(path: Path, kind: str, **owner: object) -> Iterator[str]:
    if path.exists() or path.is_symlink():
        try:
            read_tensors(path, CPU, kind, **owner)
        except DamagedFileError as error:
            yield _aside(path, str(error.got))


def _aside(path: Path, wrong: str) -> str:
    kept = set_aside(path).name
    return f"damaged file: {path} ({wrong}); kept as {kept}, and its work is done again"
