"""Take the runs of a pack into a store, where they count as if they had been trained there."""

import shutil
from pathlib import Path
from typing import NamedTuple

from datayield.pack.archive import sha256_of
from datayield.pack.packed_study import PackedStudy
from datayield.pack.records import check_records
from datayield.spec.errors import PackError
from datayield.spec.run import BaselineSpec
from datayield.store.folders import RunFolder, Store
from datayield.store.looks import count_looks_elsewhere
from datayield.store.plan import Task
from datayield.store.run_lock import run_lock


class Taken(NamedTuple):
    """What became of the runs and baselines of a pack.

    `taken`: those of which something was new to the store. `there`: of which it has everything.
    `kept`: labels of runs that the store has trained itself to other weights, and keeps.
    """

    taken: int
    there: int
    kept: tuple[str, ...]


def take_runs(pack: Path, packed: PackedStudy, store: Store) -> Taken:
    """Copy all records of the opened `pack` that `store` lacks, and count its looks at results.

    A run that the store has trained itself gets the evaluations that it lacks if both trainings
    gave the same weights, and is left alone otherwise: nothing is written over. Records alone come:
    an evaluation that is asked for later trains its run again. Raises PackError where a record of
    the pack is damaged; then nothing is taken. Raises BusyError for a run that is being trained.
    """
    plan = packed.plan()
    if damaged := [check for check in check_records(plan, packed.store) if check.wrong]:
        raise PackError(
            f"a record of this pack is damaged: {damaged[0].file}",
            where=str(pack),
            got=damaged[0].wrong,
            hint=f"datayield verify {pack.name} lists all that is wrong; nothing was taken",
        )
    store.check_writable()
    taken = there = 0
    kept: list[str] = []
    for task in plan.tasks:
        source = packed.store.run(task.spec.id)
        if task.pending == task.evals and not source.has_run_cost():
            continue  # not begun
        with run_lock(store.run(task.spec.id).path) as lock:
            target = store.run(task.spec.id)._replace(lock=lock)
            if _differs(source, target):
                kept.append(task.label)
            elif _copy_missing(task, source, target):
                taken += 1
            else:
                there += 1
    looks = store.study(packed.study.name)
    count_looks_elsewhere(looks, plan, packed.context.looks, sha256_of(pack))
    return Taken(taken, there, tuple(kept))


def _differs(source: RunFolder, target: RunFolder) -> bool:
    """Whether the store has trained this run itself, to other weights than those of the pack."""
    ours, theirs = target.run_cost(), source.run_cost()
    return ours is not None and theirs is not None and ours.weights != theirs.weights


def _copy_missing(task: Task, source: RunFolder, target: RunFolder) -> bool:
    """Whether anything was missing. The cost, which marks a run as finished, is copied last."""
    target.write_spec(task.spec)
    missing = False
    for share, ev in task.evals:
        if source.has_result(share, ev.id) and not target.has_result(share, ev.id):
            record = source.result(share, ev.id)
            for path in (record.with_suffix(".items"), record):
                _copy(path, target.path / record.parent.name / path.name, target)
            missing = True
    if isinstance(task.spec, BaselineSpec) or target.has_run_cost():
        return missing
    for name in (source.log.name, "check.json", "spent.json"):
        _copy(source.path / name, target.path / name, target)
    return True


def _copy(file: Path, to: Path, target: RunFolder) -> None:
    if file.is_file():  # not every training is checked at its end, nor every item kept
        with file.open("rb") as read:
            target.write(to, lambda written: shutil.copyfileobj(read, written))
