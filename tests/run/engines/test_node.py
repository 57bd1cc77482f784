"""A node that does not see the driver's store: what it borrows, what comes home, and who may."""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from datayield.run.engines import node
from datayield.run.engines.keeper import Delivery, Keeper, files_of
from datayield.run.engines.mailbox import Mailbox
from datayield.run.engines.node import run_on_node
from datayield.run.engines.torchrun import run_in_processes
from datayield.run.job import Job, TaskEnd
from datayield.session import open_study
from datayield.store.folders import RunFolder, Store
from datayield.store.run_lock import holder, run_lock
from tests.conftest import Call
from tests.run.test_scheduler import STAGES
from tests.stored import archive, trained

AWAY = Path("/a mailbox/that is not/on this node")
Work = Callable[[RunFolder, Path, Event], TaskEnd]


class Driver:
    """A store with the tasks of a study whose runs start from another one, and its keeper."""

    def __init__(self) -> None:
        session = open_study("stages.yaml")
        self.store = Store(session.store.root.absolute())
        self.store.check_writable()
        self.tasks = session.plan().todo
        self.mailbox = Mailbox(self.store)
        self.keeper = Keeper(self.store, self.mailbox.folder)
        self.job = Job(self.tasks[-1], self.store, "cpu", 0.1)
        self.folder = self.store.run(self.job.task.spec.id)

    def send(self, job: Job | None = None) -> TaskEnd:
        return run_on_node(job or self.job, AWAY, Path.cwd(), {}, self.keeper)

    def files(self) -> list[str]:
        return files_of(self.folder.path, self.folder.path)


@pytest.fixture
def driver(datayield: Call, monkeypatch: pytest.MonkeyPatch) -> Driver:
    Path("stages.yaml").write_text(STAGES)
    monkeypatch.setattr(node, "LOOK_SECONDS", 0.01)
    return Driver()


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Callable[[Work], None]:
    """Pretend that a task is what it is given."""

    def pretend(work: Work) -> None:
        def run(job: Job, mailbox: Path, home: Path, stop: Event) -> TaskEnd:
            folder = job.store.run(job.task.spec.id)
            folder.path.mkdir(exist_ok=True)
            return work(folder, mailbox, stop)

        monkeypatch.setattr(node, "run_in_processes", run)

    return pretend


def until(condition: Callable[[], object]) -> None:
    ends = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_a_task_borrows_its_state_and_the_encoder_that_it_starts_from(
    driver: Driver, work: Callable[[Work], None]
) -> None:
    before = driver.job.task.spec.before.id  # type: ignore[union-attr]
    for other in (before, "another run"):
        trained(driver.store.run(other), 0.5, 1.0)
    archive(driver.folder.state)
    borrowed: list[str] = []

    def look(folder: RunFolder, mailbox: Path, stop: Event) -> TaskEnd:
        root = folder.path.parent.parent
        assert root != driver.store.root
        borrowed.extend(files_of(root, root / "runs"))
        assert holder(driver.folder.path) == "running"
        return TaskEnd("done")

    work(look)
    assert driver.send() == TaskEnd("done")
    own = f"runs/{driver.folder.path.name}/state.pt"
    assert sorted(borrowed) == sorted([own, f"runs/{before}/checkpoints/1.000000.pt"])
    assert holder(driver.folder.path) == ""


def test_what_is_saved_comes_home_at_once_and_what_is_removed_goes(
    driver: Driver, work: Callable[[Work], None], tmp_path: Path
) -> None:
    def train(folder: RunFolder, mailbox: Path, stop: Event) -> TaskEnd:
        (mailbox / f"{folder.path.name}.jsonl").write_text('{"note": "hello"}\n{"cut')
        folder.append_log('{"step": 1}')
        archive(folder.state)
        folder.write_progress(5, 10)
        until(lambda: driver.folder.progress() is not None)
        assert driver.files() == ["log.jsonl", "state.pt", "progress.json"]
        trained(folder, 1.0)
        folder.state.unlink()
        (folder.path / "progress.json").unlink()
        folder.append_log('{"step": 2}')
        return TaskEnd("done")

    work(train)
    assert driver.send() == TaskEnd("done")
    assert driver.folder.has_run_cost()
    assert sorted(driver.files()) == ["checkpoints/1.000000.pt", "log.jsonl", "spent.json"]
    assert driver.folder.log.read_text().count("\n") == 2
    assert list(driver.mailbox.new_events()) == [(driver.folder.path.name, "hello")]
    assert not list((tmp_path / "cache" / "away" / "stores").iterdir())


def test_a_request_to_stop_reaches_the_node_and_its_state_comes_home(
    driver: Driver, work: Callable[[Work], None]
) -> None:
    def train(folder: RunFolder, mailbox: Path, stop: Event) -> TaskEnd:
        driver.mailbox.ask_to_stop()
        assert stop.wait(20)
        archive(folder.state)
        return TaskEnd("stopped", "saved")

    work(train)
    assert driver.send() == TaskEnd("stopped", "saved")
    assert driver.folder.has_state()


def test_an_attempt_that_counts_as_lost_writes_nothing_more(
    driver: Driver, work: Callable[[Work], None]
) -> None:
    def train(folder: RunFolder, mailbox: Path, stop: Event) -> TaskEnd:
        assert isinstance(driver.keeper.lend(driver.job.task, "a later attempt"), list)
        archive(folder.state)
        assert stop.wait(20)
        return TaskEnd("stopped", "saved")

    work(train)
    assert driver.send().how == "lost"
    assert not driver.folder.has_state()
    assert holder(driver.folder.path) == "running"  # for the later attempt
    nothing = Delivery([], frozenset(), b"")
    assert driver.keeper.receive(driver.folder.path.name, "a later attempt", nothing) is None
    driver.keeper.release(driver.folder.path.name, "a later attempt")


def test_a_run_that_another_command_holds_is_busy(
    driver: Driver, work: Callable[[Work], None]
) -> None:
    work(lambda *_: TaskEnd("done"))
    with run_lock(driver.folder.path):
        assert driver.send().how == "busy"
    assert driver.send(driver.job._replace(lock_timeout=1.0)) == TaskEnd("done")


def test_a_driver_that_is_gone_ends_the_task(
    driver: Driver, work: Callable[[Work], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise ConnectionError("no route")

    def train(folder: RunFolder, mailbox: Path, stop: Event) -> TaskEnd:
        monkeypatch.setattr(driver.keeper, "receive", gone)
        assert stop.wait(20)
        return TaskEnd("stopped", "saved")

    work(train)
    assert driver.send() == TaskEnd("lost", "the driver was lost: ConnectionError")


def test_a_node_that_sees_the_mailbox_works_beside_it(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def where(job: Job, *_: object) -> TaskEnd:
        return TaskEnd("done", str(job.store.root))

    monkeypatch.setattr(node, "run_in_processes", where)
    end = run_on_node(driver.job, driver.mailbox.folder, Path.cwd(), {}, driver.keeper)
    assert end.message == str(driver.store.root)


def test_a_run_made_away_is_the_run_made_here(driver: Driver, tmp_path: Path) -> None:
    task = next(task for task in driver.tasks if task.leads_on)  # the shortest
    folder = driver.store.run(task.spec.id)
    assert driver.send(driver.job._replace(task=task)).how == "done"
    here = Store(tmp_path / "here")
    here.check_writable()
    mailbox = Mailbox(here)
    job = driver.job._replace(task=task, store=here)
    assert run_in_processes(job, mailbox.folder, Path.cwd()).how == "done"
    same = here.run(task.spec.id)
    names = [sorted(files_of(each.path, each.path)) for each in (folder, same)]
    assert names[0] == names[1]
    assert folder.checkpoint(1.0).read_bytes() == same.checkpoint(1.0).read_bytes()
    assert not folder.has_state()


def test_runs_of_a_stack_come_home_as_well(driver: Driver, work: Callable[[Work], None]) -> None:
    first, other = driver.tasks[-2:]
    here = driver.store.run(other.spec.id)

    def train(folder: RunFolder, mailbox: Path, stop: Event) -> TaskEnd:
        assert holder(here.path) == "running"
        beside = RunFolder(folder.path.parent / here.path.name)
        beside.path.mkdir(exist_ok=True)
        for each in (folder, beside):
            trained(each, 1.0)
        return TaskEnd("done")

    work(train)
    assert driver.send(driver.job._replace(task=first, beside=(other,))) == TaskEnd("done")
    for run in (driver.store.run(first.spec.id), here):
        assert run.has_run_cost()
        assert run.has_checkpoint(1.0)
        assert holder(run.path) == ""


def test_a_run_of_a_stack_that_another_process_holds_stays_at_home(
    driver: Driver, work: Callable[[Work], None]
) -> None:
    first, other = driver.tasks[-2:]
    work(lambda folder, *_: (trained(folder, 1.0), TaskEnd("done"))[1])
    with run_lock(driver.store.run(other.spec.id).path):
        assert driver.send(driver.job._replace(task=first, beside=(other,))) == TaskEnd("done")
    assert driver.store.run(first.spec.id).has_run_cost()
    assert not driver.store.run(other.spec.id).has_run_cost()
