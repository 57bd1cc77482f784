"""Whether the records of a pack are what their seals say."""

from collections.abc import Iterator
from typing import NamedTuple

from datayield.store.folders import Store
from datayield.store.plan import Plan, Task


class RecordCheck(NamedTuple):
    """A record's file, by its name in the pack, and what is wrong with it; empty if nothing is."""

    file: str
    wrong: str


def check_records(plan: Plan, store: Store) -> list[RecordCheck]:
    """All records of the study's runs and evaluations that are there; reads each."""
    return [check for task in plan.tasks for check in _of_task(task, store)]


def record_names(plan: Plan, store: Store) -> Iterator[str]:
    """Names of all files that a pack may hold of the study's runs and evaluations."""
    for task in plan.tasks:
        folder = store.run(task.spec.id)
        for name in ("spec.json", "spent.json", "check.json", folder.log.name):
            yield f"runs/{task.spec.id}/{name}"
        for share, ev in task.evals:
            path = folder.result(share, ev.id)
            for suffix in (".json", ".items"):
                yield f"runs/{task.spec.id}/evals/{path.with_suffix(suffix).name}"


def _of_task(task: Task, store: Store) -> Iterator[RecordCheck]:
    folder = store.run(task.spec.id)

    def named(file: str, wrong: str) -> RecordCheck:
        return RecordCheck(f"runs/{task.spec.id}/{file}", wrong)

    if (folder.path / "spent.json").exists():
        yield named("spent.json", folder.damaged_run_cost())
    if (folder.path / "check.json").exists():
        whole = folder.training_check() is not None
        yield named("check.json", "" if whole else "not a whole record of this run")
    for share, ev in task.evals:
        path = folder.result(share, ev.id)
        if path.exists():
            yield named(f"evals/{path.name}", folder.damaged(share, ev.id))
        bits = path.with_suffix(".items")
        if bits.exists():
            whole = folder.read_right(share, ev.id) is not None
            yield named(f"evals/{bits.name}", "" if whole else "not a whole record of this run")
