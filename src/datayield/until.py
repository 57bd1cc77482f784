"""Run a study until it is decided what to buy next, or the time is over.

The first seed of every cell comes first; after it, and after each further batch, the answer is
looked at, and the pending runs that raise its odds most for their time are done next. How the odds
hold at many looks is simulated in benchmarks/until_decided.py.
"""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from datayield.spec.run import RunSpec
from datayield.store.plan import Plan, Task
from datayield.store.planned_time import RUN_SECONDS

if TYPE_CHECKING:
    from rich.console import Console

    from datayield.analysis.levers import Answer
    from datayield.execution import Execution
    from datayield.session import Session

FIRST = "baselines and one seed of each setting"
FURTHER = "runs that raise the odds most for their time"


class InterimAnswer(NamedTuple):
    """The answer after a batch, the seconds spent so far and the runs left out so far."""

    answer: "Answer"
    seconds: float
    pending: int
    decided: bool
    failed: tuple[tuple[str, str], ...]
    stopped: bool


def run_until_decided(
    session: "Session",
    console: "Console",
    minutes: float,
    save_every: float,
    execution: "Execution",
) -> Iterator[InterimAnswer]:
    """Yields each one; the last one is decided, out of time, complete, stopped or failed.

    Where what is finished decides, nothing is run. Nothing is decided before the baselines and the
    first seed of every cell are finished: until then the largest settings may be unmeasured.
    """
    begun, limit = time.monotonic(), 60 * minutes
    plan = session.plan(keep=True)
    shared = session.time(plan, execution.jobs)
    batch, what = _first(plan), FIRST
    if not batch:
        answer = session.answer(plan)
        if answer.recommendation.lever != "inconclusive":
            yield InterimAnswer(answer, 0.0, len(plan.todo), True, (), False)
            return
        batch, what = _further(session, plan, answer, shared.jobs, limit), FURTHER
    batch = _fitting(batch, limit * shared.speed)
    while batch:
        console.print(f"next {len(batch)} of {len(plan.todo)}: {what}", highlight=False)
        outcome = session.run(Plan(tuple(batch), plan.records), console, save_every, execution)
        seconds = time.monotonic() - begun
        plan = session.plan(keep=True)
        answer = session.answer(plan)
        first = _first(plan)
        decided = answer.recommendation.lever != "inconclusive" and not first
        yield InterimAnswer(
            answer, seconds, len(plan.todo), decided, tuple(outcome.failed), outcome.stopped
        )
        if decided or outcome.stopped or outcome.failed or seconds > limit:
            return
        left = limit - seconds
        batch, what = first, FIRST
        if not first:
            batch, what = _further(session, plan, answer, shared.jobs, left), FURTHER
        batch = _fitting(batch, left * shared.speed)


def _first(plan: Plan) -> list[Task]:
    """What is pending of the baselines and of the first seed of every cell."""
    seeds = [task.spec.seed for task in plan.tasks if isinstance(task.spec, RunSpec)]
    first = min(seeds, default=0)
    return [
        task for task in plan.todo if not isinstance(task.spec, RunSpec) or task.spec.seed == first
    ]


def _further(
    session: "Session", plan: Plan, answer: "Answer", jobs: int, left: float
) -> list[Task]:
    """The next tasks, as many as run at once or as fit well into a tenth of the time left."""
    from datayield.analysis.levers.next_runs import Candidate, next_runs
    from datayield.analysis.levers.of_study import settings_of

    cells = settings_of(session.cells)
    by_id = {task.spec.id: task for task in plan.todo}
    pending = [Candidate(i, *cells[i], _cost(task)) for i, task in by_id.items() if i in cells]
    if not pending:
        return plan.todo
    timed = [task.estimate.likely for task in plan.todo if task.estimate]
    usual = sorted(timed)[len(timed) // 2] if timed else left
    many = max(2, jobs, min(16, int(left / 10 / max(usual, 1e-9))))
    chosen = next_runs(answer, pending, many)
    return [task for i in chosen for task in _chain(by_id, i)]


def _fitting(tasks: list[Task], room: float) -> list[Task]:
    """The tasks whose seconds are likely to fit, at least one; all where their time is unknown."""
    kept = list[Task]()
    for task in tasks:
        room -= task.estimate.likely + RUN_SECONDS if task.estimate else 0.0
        if kept and room < 0:
            break
        kept.append(task)
    return kept


def _chain(by_id: dict[str, Task], run: str) -> list[Task]:
    """The task, after those that it starts from."""
    task = by_id[run]
    before = task.spec.before if isinstance(task.spec, RunSpec) else None
    earlier = _chain(by_id, before.id) if before is not None and before.id in by_id else []
    return [*earlier, task]


def _cost(task: Task) -> float:
    """Seconds; images presented where nothing comparable was timed."""
    if task.estimate is not None:
        return task.estimate.likely
    return float(task.spec.images) if isinstance(task.spec, RunSpec) else 1.0
