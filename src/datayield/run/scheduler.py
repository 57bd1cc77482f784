"""Run a study's tasks on an engine: ready tasks go to free slots until all have ended.

An engine only knows how to start a task somewhere and report its events. Order, dependencies and
what happens to a task whose worker was lost are decided here, for all engines.
"""

from collections import Counter
from collections.abc import Iterator
from threading import Event
from typing import NamedTuple

import torch

from datayield.run.job import Engine, Job, TaskEnd
from datayield.run.preflight import preflight
from datayield.run.progress import Display
from datayield.run.signals import interruptible, resumable
from datayield.run.stack_members import Stacks, stack_members
from datayield.run.timing.stack_timing import stack_of
from datayield.spec.run import RunSpec
from datayield.store.folders import Store
from datayield.store.plan import Plan, Task
from datayield.store.run_lock import LOCK_TIMEOUT, WATCH_SECONDS

RETRIES = 2  # of a task whose worker was lost


class StudyOutcome(NamedTuple):
    """How a study's tasks ended."""

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
    stack: int | None = 1,
) -> StudyOutcome:
    """Work through `plan.todo`. A run that fails does not stop the others.

    `stack`: how many runs of one shape to pretrain as one batched network, at most; None: as many
    as pay, by measurement.
    """
    job = Job(plan.tasks[0], store, device, save_seconds, engine.sharing)
    try:
        with resumable():
            preflight(plan, display)
            size = stack or stack_of(plan, torch.device(device), display.say)
            stacks = stack_members(plan.todo, store, size)
        with interruptible(display.say, stop):
            return _execute(plan, job, engine, stop, display, stacks)
    finally:
        engine.close()


class _Queue:
    """Where each task is: waiting, pretraining beside another one, running or ended."""

    def __init__(self, plan: Plan, stacks: Stacks) -> None:
        self.waiting = {task.spec.id: task for task in plan.todo}  # in the order of starting
        self.running = dict[str, Task]()
        self.order = {run_id: i for i, run_id in enumerate(self.waiting)}
        self.trunks: dict[str, list[Task]] = {}  # the tasks of each, in the plan's order
        for task in self.waiting.values():
            if isinstance(task.spec, RunSpec) and task.spec.trunk is not None:
                self.trunks.setdefault(task.spec.trunk, []).append(task)
        self.ends: dict[str, tuple[Task, TaskEnd]] = {}
        self.lost: Counter[str] = Counter()
        self.held: set[str] = set()  # found locked once; looked at again after all others
        self.stacks = stacks
        self.beside: dict[str, list[Task]] = {}  # by the running task that they are trained with
        self.alone: set[str] = set()  # were in a stack once

    def unfinished(self, run_id: str) -> bool:
        """Whether a run of the plan is waiting or running."""
        return run_id in self.order and run_id not in self.ends


def _execute(
    plan: Plan, job: Job, engine: Engine, stop: Event, display: Display, stacks: Stacks
) -> StudyOutcome:
    """Run the plan; `job` holds the settings common to all tasks."""
    queue, stop_sent = _Queue(plan, stacks), False
    while queue.waiting or queue.running:
        if stop.is_set():
            queue.waiting.clear()
            if not stop_sent:
                engine.stop()
            stop_sent = True
        for task in _startable(queue, engine.slots):
            display.start(task)
            beside = _beside(task, queue)
            if beside:
                display.say(f"{task.label}: with {len(beside)} more of its shape, as one network")
            patience = _patience(task, queue, job)
            try:
                stack = stacks.get(task.spec.id, ())
                engine.start(
                    job._replace(task=task, beside=beside, lock_timeout=patience, stack=stack)
                )
            except OSError as error:  # no process or memory for another worker
                _end(queue, task.spec.id, TaskEnd("lost", f"not started: {error}"), display, stop)
        for run_id, event in engine.poll() if queue.running else ():
            if run_id not in queue.running:  # a late event of a lost attempt
                continue
            if isinstance(event, TaskEnd):
                _end(queue, run_id, event, display, stop)
            else:
                display.show(queue.running[run_id], event)
    return _outcome(list(queue.ends.values()), stop.is_set())


def _patience(task: Task, queue: _Queue, job: Job) -> float:
    """Seconds to wait for the lock of the run."""
    if queue.lost[task.spec.id]:
        return LOCK_TIMEOUT
    return max(job.lock_timeout, WATCH_SECONDS if task.spec.id in queue.held else 0.0)


def _startable(queue: _Queue, slots: int) -> Iterator[Task]:
    """Ready tasks for the free slots, each moved from waiting to running.

    With thousands of tasks it is called thousands of times: it looks at no more than it starts and
    passes over.
    """
    if len(queue.running) >= slots:
        return
    chosen: list[Task] = []
    for task in queue.waiting.values():
        if not _waits(task, queue):
            chosen.append(task)
            if len(queue.running) + len(chosen) >= slots:
                break
    for task in chosen:
        if queue.waiting.pop(task.spec.id, None) is None:  # it is trained beside one before it
            continue
        held = _held(task, queue.ends)
        if held is not None:
            queue.ends[task.spec.id] = task, held
        else:
            queue.running[task.spec.id] = task
            yield task


def _beside(task: Task, queue: _Queue) -> tuple[Task, ...]:
    """Waiting tasks to pretrain with this one, moved out of waiting until it ends.

    Afterwards each is a task like any other: what is left of it are its evaluations, or all of it
    where it could not take part.
    """
    chosen = [queue.waiting[run] for run in _partners(task, queue)]
    for other in chosen:
        del queue.waiting[other.spec.id]
    if chosen:
        queue.beside[task.spec.id] = chosen
    return tuple(chosen)


def _partners(task: Task, queue: _Queue) -> list[str]:
    """Waiting runs of the same stack, unless they were all trained together before."""
    stack = queue.stacks.get(task.spec.id, ())
    if task.spec.id in queue.alone:
        return []
    return [
        run
        for run in stack
        if run != task.spec.id
        and run in queue.waiting
        and run not in queue.alone | queue.held
        and queue.stacks[run] == stack
    ]


def _end(queue: _Queue, run_id: str, end: TaskEnd, display: Display, stop: Event) -> None:
    """Record how an attempt ended; a task is queued again if its worker was lost.

    Also, once and behind all others, if another process held it: that one may have ended by then.
    """
    task = queue.running.pop(run_id)
    beside = queue.beside.pop(run_id, [])
    queue.waiting = {other.spec.id: other for other in beside} | queue.waiting
    if end.how != "lost":
        queue.alone |= {run_id, *(other.spec.id for other in beside)}
    if end.how == "busy" and run_id not in queue.held and not stop.is_set():
        queue.held.add(run_id)
        queue.waiting[run_id] = task
        return
    if end.how == "lost" and queue.lost[run_id] < RETRIES and not stop.is_set():
        queue.lost[run_id] += 1
        again = f"restarted ({queue.lost[run_id]} of {RETRIES})"
        display.say(f"{task.label}: {end.message}; {again}")
        queue.waiting = {run_id: task} | queue.waiting
        return
    queue.ends[run_id] = task, end
    display.finish(task)
    if end.message:
        display.say(f"{task.label}: {end.message}")


def _waits(task: Task, queue: _Queue) -> bool:
    """Whether a task depends on an unfinished run.

    That is the run that it, or one of its stack, starts from, or an earlier run that will save a
    state on their trunk for it to start from.
    """
    if any(_starts_later(queue.waiting[run], queue) for run in _partners(task, queue)):
        return True
    if _starts_later(task, queue):
        return True
    if task.part is None or task.part.start == 0 or not isinstance(task.spec, RunSpec):
        return False
    return any(
        queue.unfinished(other.spec.id) and _leaves_for(task, other, queue)
        for other in queue.trunks.get(task.spec.trunk or "", ())
    )


def _starts_later(task: Task, queue: _Queue) -> bool:
    start = _start_of(task)
    return start is not None and queue.unfinished(start)


def _start_of(task: Task) -> str | None:
    """The run that must be finished before the task can start."""
    if isinstance(task.spec, RunSpec) and task.spec.before is not None:
        return task.spec.before.id
    return None


def _leaves_for(task: Task, other: Task, queue: _Queue) -> bool:
    """Whether `other`, which comes before `task`, saves the state that it starts from."""
    if not (isinstance(task.spec, RunSpec) and isinstance(other.spec, RunSpec)):
        return False
    if task.part is None or other.part is None or task.part.start == 0:
        return False
    return (
        task.spec.trunk == other.spec.trunk
        and task.part.start in other.part.leaves
        and queue.order[other.spec.id] < queue.order[task.spec.id]
    )


def _held(task: Task, ends: dict[str, tuple[Task, TaskEnd]]) -> TaskEnd | None:
    """Why the task must wait: another process works on the run it starts from."""
    _, end = ends.get(_start_of(task) or "", (None, None))
    if end is not None and end.how == "busy" and task.share_left > 0:
        return TaskEnd("busy", "the run that initializes this one is locked by another process")
    return None


def _outcome(ends: list[tuple[Task, TaskEnd]], stopped: bool) -> StudyOutcome:
    failed = [(task.label, end.message) for task, end in ends if end.how in ("failed", "lost")]
    return StudyOutcome(
        sum(end.how == "done" for _, end in ends),
        tuple(failed),
        tuple(task.label for task, end in ends if end.how == "busy"),
        stopped or any(end.how == "stopped" for _, end in ends),
    )
