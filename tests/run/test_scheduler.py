"""The scheduler, on an engine that only pretends: order, what waits for what, lost workers."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from rich.console import Console

from datayield.run.job import Job, TaskEnd, TaskEvent
from datayield.run.loop import Tick
from datayield.run.progress import Display
from datayield.run.scheduler import LOCK_TIMEOUT, RETRIES, StudyOutcome, _execute
from datayield.run.stack_members import stack_members
from datayield.session import open_study
from datayield.spec.errors import BusyError
from datayield.store import run_lock as locks
from datayield.store.plan import Plan, as_of_now
from datayield.store.run_lock import WATCH_SECONDS, run_lock
from tests.conftest import Call
from tests.stored import result, trained

STAGES = """
study: stages
question: what waits?
base:
  data: {dataset: "sprites?n=300&n_test=600", size: 32}
  encoder: {name: convnet, size: 32, width: 4}
  views: {recipe: mild, size: 32}
  method: {name: simclr, projector: [32, 16]}
  optim: {lr: 1e-3}
  batch: 32
  budget: {images: 640}
  init: {budget: {images: 320}}
axes:
  data.count: [60, 240]
evaluations:
  - {name: texture, protocol: knn@1, dataset: "sprites?n=300&n_test=600", label: texture}
"""


class Pretended:
    """Ends what was started longest ago, as `ends` says for its label; else it is done."""

    sharing = 1

    def __init__(self, slots: int, ends: dict[str, list[TaskEnd]] | None = None) -> None:
        self.slots, self.ends = slots, ends or {}
        self.running: list[Job] = []
        self.started: list[Job] = []
        self.most = 0
        self.told_to_stop = 0

    def start(self, job: Job) -> None:
        self.running.append(job)
        self.started.append(job)
        self.most = max(self.most, len(self.running))

    def poll(self) -> Iterator[tuple[str, TaskEvent]]:
        job = self.running.pop(0)
        yield "a run that was lost long ago", Tick(1, 2, 1.0, 0.0, 1.0)
        yield job.task.spec.id, Tick(1, 2, 1.0, 0.0, 1.0)
        after = self.ends.get(job.task.label) or [TaskEnd("done")]
        yield job.task.spec.id, TaskEnd("stopped", "saved") if self.told_to_stop else after.pop(0)

    def stop(self) -> None:
        self.told_to_stop += 1

    def close(self) -> None:
        pass


def executed(
    engine: Pretended, plan: Plan, stop: Event | None = None, stack: int = 1
) -> StudyOutcome:
    session = open_study("stages.yaml")
    job = Job(plan.tasks[0], session.store, "cpu", 60.0)
    stacks = stack_members(plan.todo, session.store, stack)
    return _execute(plan, job, engine, stop or Event(), Display(plan, Console(quiet=True)), stacks)


@pytest.fixture
def plan(datayield: Call) -> Plan:
    """Raw pixels, an untrained encoder, and two runs that start from one earlier run."""
    with open("stages.yaml", "w") as file:  # noqa: PTH123
        file.write(STAGES)
    return open_study("stages.yaml").plan()


def labels(jobs: list[Job]) -> list[str]:
    return [job.task.label for job in jobs]


@pytest.mark.parametrize("slots", [1, 2, 100])
def test_all_tasks_are_done_once_and_no_run_starts_before_the_one_it_starts_from(
    plan: Plan, slots: int
) -> None:
    engine = Pretended(slots)
    assert executed(engine, plan) == StudyOutcome(len(plan.todo), (), (), stopped=False)
    assert sorted(labels(engine.started)) == sorted(task.label for task in plan.todo)
    assert engine.most == min(slots, 3)  # two runs wait for one
    if slots == 1:
        assert labels(engine.started) == [task.label for task in plan.todo]


def test_a_task_whose_worker_is_lost_is_started_again_and_waits_for_the_old_claim(
    plan: Plan,
) -> None:
    label = plan.todo[-1].label
    engine = Pretended(2, {label: [TaskEnd("lost", "killed")] * RETRIES})
    assert executed(engine, plan) == StudyOutcome(len(plan.todo), (), (), stopped=False)
    lock_timeout = [job.lock_timeout for job in engine.started if job.task.label == label]
    assert lock_timeout == [0.0] + [LOCK_TIMEOUT] * RETRIES


def test_a_task_that_loses_every_worker_fails_and_the_others_go_on(plan: Plan) -> None:
    label = plan.todo[-1].label
    engine = Pretended(2, {label: [TaskEnd("lost", "killed")] * (RETRIES + 1)})
    outcome = executed(engine, plan)
    assert outcome.failed == ((label, "killed"),)
    assert outcome.done == len(plan.todo) - 1


def test_what_starts_from_a_run_that_another_process_holds_is_left_too(plan: Plan) -> None:
    first, *later = [task for task in plan.todo if task.share_left > 0]
    assert {task.spec.before.id for task in later} == {first.spec.id}  # type: ignore[union-attr]
    engine = Pretended(2, {first.label: [TaskEnd("busy", "held")] * 2})
    outcome = executed(engine, plan)
    waits = [job.lock_timeout for job in engine.started if job.task.label == first.label]
    assert waits == [0.0, WATCH_SECONDS]  # the second time behind all others
    assert engine.started[-1].task.label == first.label
    assert outcome.busy == tuple(labels_of := [task.label for task in (first, *later)])
    assert not set(labels_of[1:]) & set(labels(engine.started))


def test_a_wish_to_stop_reaches_the_engine_once_and_starts_nothing_more(plan: Plan) -> None:
    stop = Event()
    engine = Pretended(2)
    original = engine.poll

    def poll() -> Iterator[tuple[str, TaskEvent]]:
        stop.set()
        yield from original()

    engine.poll = poll  # type: ignore[method-assign]
    outcome = executed(engine, plan, stop)
    assert outcome.stopped
    assert engine.told_to_stop == 1
    assert len(engine.started) == 2


def test_what_another_command_did_since_the_plan_was_made_is_not_done_again(
    datayield: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "BEAT_SECONDS", 0.1)
    session = open_study("tiny.yaml")
    stale = session.plan()
    task = stale.todo[-1]
    store = session.store
    assert as_of_now(task, store) == task
    folder = store.run(task.spec.id)
    trained(folder, *task.shares)
    now = as_of_now(task, store)
    assert now.share_left == 0.0
    assert now.pending == task.pending
    share, ev = task.pending[0]
    folder.write_result(result(task.spec.id, share, ev.id))
    assert as_of_now(task, store).pending == task.pending[1:]
    with run_lock(folder.path), pytest.raises(BusyError), run_lock(folder.path, lock_timeout=0.3):
        pass


TRUNK = (
    STAGES.replace("  init: {budget: {images: 320}}\n", "")
    .replace(
        "optim: {lr: 1e-3}",
        "optim: {lr: 1e-3, schedule: constant, warmup: 0.1, trunk: {images: 1280}}",
    )
    .replace(
        "  data.count: [60, 240]\n", "  budget: [{images: 640}, {images: 960}, {images: 1280}]\n"
    )
)


def test_a_longer_run_waits_for_the_state_that_a_shorter_one_leaves(datayield: Call) -> None:
    Path("stages.yaml").write_text(
        TRUNK.replace(
            'sprites?n=300&n_test=600", size', 'sprites?n=300&n_test=600", count: 60, size'
        )
    )
    plan = open_study("stages.yaml").plan()
    engine = Pretended(slots=8)
    assert executed(engine, plan).done == len(plan.tasks)
    runs = [job.task for job in engine.started if job.task.part]
    assert [task.part.start for task in runs if task.part] == [0, 20, 30]
    assert engine.most == len(plan.tasks) - 2  # two of the three waited


def test_a_task_that_another_process_held_is_done_once_that_has_ended(plan: Plan) -> None:
    label = plan.todo[-1].label
    engine = Pretended(2, {label: [TaskEnd("busy", "held")]})
    assert executed(engine, plan) == StudyOutcome(len(plan.todo), (), (), stopped=False)


def test_a_worker_that_cannot_be_started_ends_only_its_task(plan: Plan) -> None:
    label = plan.todo[-1].label
    engine = Pretended(2)
    original = engine.start

    def start(job: Job) -> None:
        if job.task.label == label:
            raise OSError("Cannot allocate memory")
        original(job)

    engine.start = start  # type: ignore[method-assign]
    outcome = executed(engine, plan)
    assert [(name, "Cannot allocate memory" in said) for name, said in outcome.failed] == [
        (label, True)
    ]
    assert outcome.done == len(plan.todo) - 1


def test_runs_of_one_shape_are_pretrained_beside_the_first_and_then_started_themselves(
    plan: Plan,
) -> None:
    engine = Pretended(1)
    assert executed(engine, plan, stack=8) == StudyOutcome(len(plan.todo), (), (), stopped=False)
    beside = {job.task.label: [other.label for other in job.beside] for job in engine.started}
    first, second = labels(engine.started)[-2:]
    assert [of for of in beside.values() if of] == [[second]]  # the two that start from another
    assert beside[first] == [second]
    assert labels(engine.started) == [task.label for task in plan.todo]


def test_a_stack_whose_worker_is_lost_is_started_again_as_a_stack(plan: Plan) -> None:
    label = plan.todo[-2].label
    engine = Pretended(2, {label: [TaskEnd("lost", "killed"), TaskEnd("failed", "loss is nan")]})
    outcome = executed(engine, plan, stack=2)
    assert outcome.failed == ((label, "loss is nan"),)
    attempts = [job for job in engine.started if job.task.label == label]
    assert [len(job.beside) for job in attempts] == [1, 1]
    assert labels(engine.started)[-1] == plan.todo[-1].label  # alone, to its end
    assert outcome.done == len(plan.todo) - 1
