"""A study's tasks through an engine: those that are ready, into free slots, until all have ended.

An engine only knows how to start a task somewhere and to tell what happens there. In which order,
what waits for what, and what becomes of a task whose worker was lost is decided here, for all.
"""

from collections import Counter
from collections.abc import Iterator
from threading import Event
from typing import NamedTuple

from datayield.run.job import Ended, Engine, Job
from datayield.run.preflight import make_ready
from datayield.run.progress import Display
from datayield.run.signals import interruptible
from datayield.spec.run import RunSpec
from datayield.store.folders import Store
from datayield.store.plan import Plan, Task
from datayield.store.run_lock import BEAT_SECONDS, STALE_SECONDS

RETRIES = 2  # of a task whose worker was lost
PATIENCE = STALE_SECONDS + BEAT_SECONDS  # until the claim of a lost worker has surely lapsed


class Outcome(NamedTuple):
    """What became of a study's tasks."""

    done: int
    failed: tuple[tuple[str, str], ...]  # label, message
    busy: tuple[str, ...]  # labels of runs that another process holds
    stopped: bool


def run_all(
    plan: Plan,
    store: Store,
    device: str,
    engine: Engine,
    stop: Event,
    display: Display,
    save_seconds: float = 60.0,
) -> Outcome:
    """Work through `plan.todo`. A run that fails does not stop the others."""
    job = Job(plan.tasks[0], store, device, save_seconds, engine.sharing)
    try:
        with interruptible(display.say, stop):
            make_ready(plan, display)
            return _execute(plan, job, engine, stop, display)
    finally:
        engine.close()


class _Work:
    """Where each task is: waiting, running or ended."""

    def __init__(self, plan: Plan) -> None:
        self.waiting, self.running = list(plan.todo), dict[str, Task]()
        self.order = {task.spec.id: i for i, task in enumerate(plan.todo)}
        self.ends: dict[str, tuple[Task, Ended]] = {}
        self.lost: Counter[str] = Counter()


def _execute(plan: Plan, job: Job, engine: Engine, stop: Event, display: Display) -> Outcome:
    """`job`: what all tasks have in common."""
    work, told = _Work(plan), False
    while work.waiting or work.running:
        if stop.is_set():
            work.waiting.clear()
            if not told:
                engine.stop()
            told = True
        for task in _startable(work, engine.slots):
            patience = PATIENCE if work.lost[task.spec.id] else job.patience
            engine.start(job._replace(task=task, patience=patience))
            display.start(task)
        for run_id, event in engine.happenings() if work.running else ():
            if run_id not in work.running:  # late news of an attempt that was lost
                continue
            if isinstance(event, Ended):
                _end(work, run_id, event, display, stop)
            else:
                display.show(work.running[run_id], event)
    return _outcome(list(work.ends.values()), stop.is_set())


def _startable(work: _Work, slots: int) -> Iterator[Task]:
    """Ready tasks for the free slots, each moved from waiting to running."""
    for task in _ready(work):
        if len(work.running) >= slots:
            return
        work.waiting.remove(task)
        held = _held(task, work.ends)
        if held is not None:
            work.ends[task.spec.id] = task, held
        else:
            work.running[task.spec.id] = task
            yield task


def _end(work: _Work, run_id: str, end: Ended, display: Display, stop: Event) -> None:
    """Book how an attempt ended; a task whose worker was lost waits again."""
    task = work.running.pop(run_id)
    if end.how == "lost" and work.lost[run_id] < RETRIES and not stop.is_set():
        work.lost[run_id] += 1
        again = f"restarted ({work.lost[run_id]} of {RETRIES})"
        display.say(f"{task.label}: {end.message}; {again}")
        work.waiting.insert(0, task)
        return
    work.ends[run_id] = task, end
    display.finish(task)
    if end.message:
        display.say(f"{task.label}: {end.message}")


def _ready(work: _Work) -> list[Task]:
    """Tasks in the order of the plan that wait for no run that is still to end.

    Such are the run that a task starts from, and earlier ones that leave a state on their trunk
    from which it is expected to go on.
    """
    unfinished = [*work.waiting, *work.running.values()]
    ids = {task.spec.id for task in unfinished}

    def waits(task: Task) -> bool:
        return _start_of(task) in ids or any(_leaves_for(task, other, work) for other in unfinished)

    return [task for task in work.waiting if not waits(task)]


def _start_of(task: Task) -> str | None:
    """The run that has to be there before the task can begin."""
    if isinstance(task.spec, RunSpec) and task.spec.before is not None:
        return task.spec.before.id
    return None


def _leaves_for(task: Task, other: Task, work: _Work) -> bool:
    """Whether `other`, which stands before `task`, leaves the state that it goes on from."""
    if not (isinstance(task.spec, RunSpec) and isinstance(other.spec, RunSpec)):
        return False
    if task.part is None or other.part is None or task.part.start == 0:
        return False
    return (
        task.spec.trunk == other.spec.trunk
        and task.part.start in other.part.leaves
        and work.order[other.spec.id] < work.order[task.spec.id]
    )


def _held(task: Task, ends: dict[str, tuple[Task, Ended]]) -> Ended | None:
    """Why the task has to be left for later: another process works on the run it starts from."""
    _, end = ends.get(_start_of(task) or "", (None, None))
    if end is not None and end.how == "busy" and task.share_left > 0:
        return Ended("busy", "the run that initializes this one is locked by another process")
    return None


def _outcome(ends: list[tuple[Task, Ended]], stopped: bool) -> Outcome:
    failed = [(task.label, end.message) for task, end in ends if end.how in ("failed", "lost")]
    return Outcome(
        sum(end.how == "done" for _, end in ends),
        tuple(failed),
        tuple(task.label for task, end in ends if end.how == "busy"),
        stopped or any(end.how == "stopped" for _, end in ends),
    )
