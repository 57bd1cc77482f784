"""What is new of a run, from its files alone."""

from pathlib import Path

import pytest

from datayield.store.folders import RunFolder, Store
from datayield.store.plan import Task
from datayield.store.run_lock import run_lock
from datayield.track import TrackedRun
from datayield.track.updates import Sent, outcome_of, update_of
from tests.track.recorder import fail, finish, log_steps, study_and_tasks


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def run(store: Store) -> tuple[TrackedRun, Task, RunFolder]:
    study, tasks = study_and_tasks(store)
    return study.runs[-1], tasks[-1], store.run(tasks[-1].spec.id)


def test_a_run_is_described_by_what_answers_read(run: tuple[TrackedRun, Task, RunFolder]) -> None:
    tracked, task, _ = run
    config = dict(tracked.config)
    assert config.pop("datayield")["optim"]["lr"] == 0.001
    assert config == {"method": "simclr", "encoder": "convnet", "pretrain_data": "sprites",
                      "images": 1000, "presented": 2000, "views": 2, "seed": 0}  # fmt: skip
    assert (tracked.id, tracked.name, tracked.steps) == (task.spec.id, task.label, 63)


def test_axes_without_a_column_are_settings_and_pixels_are_no_run(store: Store) -> None:
    study, _ = study_and_tasks(store, **{"optim.lr": [0.1, 0.2]})
    assert {run.config.get("optim.lr") for run in study.runs} == {"0.1", "0.2", None}
    assert [run.tags for run in study.runs if "baseline" in run.tags] == [("baseline", "untrained")]


def test_curves_have_what_the_log_says(run: tuple[TrackedRun, Task, RunFolder]) -> None:
    tracked, _, folder = run
    log_steps(folder, 2, 4)
    first, second = update_of(tracked, folder, Sent(), over=False).points
    assert (first.step, second.step) == (2, 4)
    assert first.values == {"train/loss": 0.5, "train/presented": 64.0, "train/lr": 0.1,
                            "train/on": 0.5, "train/images_per_second": 32.0}  # fmt: skip


def test_a_log_without_seconds_has_no_rate(run: tuple[TrackedRun, Task, RunFolder]) -> None:
    tracked, _, folder = run
    log_steps(folder)
    folder.append_log('{"step": 1, "share": 0.1, "loss": 2.0}')
    (point,) = update_of(tracked, folder, Sent(), over=False).points
    assert point.values == {"train/loss": 2.0, "train/presented": 32.0}


def test_what_was_sent_is_not_new(run: tuple[TrackedRun, Task, RunFolder]) -> None:
    tracked, task, folder = run
    log_steps(folder, 2, 4)
    sent = update_of(tracked, folder, Sent(), over=False).points[-1].sent
    folder.log.write_text("")  # resumed from a state before: the same steps are logged again
    log_steps(folder, 2, 4, 6)
    finish(folder_store(folder), task)
    points = update_of(tracked, folder, sent, over=False).points
    assert [point.step for point in points] == [6, 63]
    assert points[-1].values == {"category/accuracy": 0.5, "category/accuracy_val": 0.4}
    assert update_of(tracked, folder, points[-1].sent, over=True).points == ()


def folder_store(folder: RunFolder) -> Store:
    return Store(folder.path.parents[1])


def test_states(run: tuple[TrackedRun, Task, RunFolder]) -> None:
    tracked, task, folder = run

    def state(*, over: bool = True) -> str:
        return update_of(tracked, folder, Sent(), over=over).state

    assert state() == "not started"
    log_steps(folder, 2)
    assert state() == "stopped"
    assert state(over=False) == "running"  # it waits for its turn
    with run_lock(folder.path):
        assert state() == "running"
    fail(folder, diverged=False)
    assert state() == "failed"
    fail(folder, diverged=True)
    assert state(over=False) == "diverged"
    folder.failure.unlink()
    finish(folder_store(folder), task)
    assert state() == "done"


def test_the_outcome_is_what_the_record_says(run: tuple[TrackedRun, Task, RunFolder]) -> None:
    tracked, task, folder = run
    assert outcome_of(tracked, folder) == {}
    finish(folder_store(folder), task)
    outcome = outcome_of(tracked, folder)
    assert outcome["hours"] == 1 / 3600
    assert outcome["images_per_second"] == 1984
