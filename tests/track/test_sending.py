"""Each point, score and state is sent once, whatever happens between."""

import time
from pathlib import Path
from threading import Event

import pytest

from datayield.spec.errors import BusyError, TrackingError
from datayield.store.folders import Store
from datayield.store.run_lock import run_lock
from datayield.track import following, send_new, trackers
from datayield.track.__main__ import follow
from datayield.track.sending import AT_ONCE, Sender
from tests.conftest import Call
from tests.track.recorder import Recorder, finish, log_steps, notes_of, study_and_tasks


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """What every name of a tracker opens."""
    made = Recorder()
    monkeypatch.setattr("datayield.track.sending.open_tracker", lambda *_: made)
    return made


def _steps(recorder: Recorder, run: str) -> list[int]:
    return [point.step for point in recorder.points[run]]


def test_points_are_sent_once_also_by_a_later_process(store: Store, tmp_path: Path) -> None:
    study, tasks = study_and_tasks(store)
    recorder, notes, run = Recorder(), notes_of(tmp_path), tasks[-1].spec.id
    log_steps(store.run(run), 2)
    sender = Sender(study, store, recorder, notes)
    assert sender.send(over=False) == (1, 1)
    assert sender.send(over=False) == (0, 0)
    log_steps(store.run(run), 4)
    assert sender.send(over=True) == (1, 1)
    assert recorder.states == {run: "stopped"}
    finish(store, tasks[-1])
    log_steps(store.run(run), 6)
    assert Sender(study, store, recorder, notes).send(over=True) == (1, 2)
    assert Sender(study, store, recorder, notes).send(over=True) == (0, 0)
    assert _steps(recorder, run) == [2, 4, 6, 63]
    assert recorder.states == {run: "done"}
    assert recorder.outcomes[run]["device"] == "cpu"


def test_a_tracker_that_has_lost_a_run_gets_all_of_it(store: Store, tmp_path: Path) -> None:
    study, tasks = study_and_tasks(store)
    notes, run = notes_of(tmp_path), tasks[-1].spec.id
    log_steps(store.run(run), 2, 4)
    Sender(study, store, Recorder(), notes).send(over=True)
    log_steps(store.run(run), 6)
    other = Recorder()
    assert Sender(study, store, other, notes).send(over=True) == (1, 3)
    assert _steps(other, run) == [2, 4, 6]


def test_what_failed_is_sent_by_the_next_call(store: Store, tmp_path: Path) -> None:
    study, tasks = study_and_tasks(store)
    recorder, run = Recorder(), tasks[-1].spec.id
    log_steps(store.run(run), *range(1, AT_ONCE + 3))
    sender = Sender(study, store, recorder, notes_of(tmp_path))
    recorder.broken = OSError("disk full")
    with pytest.raises(OSError, match="disk full"):
        sender.send(over=False)
    recorder.broken = None
    assert sender.send(over=False) == (1, AT_ONCE + 2)
    assert _steps(recorder, run) == list(range(1, AT_ONCE + 3))


def test_a_follower_warns_once_and_goes_on(
    store: Store, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, tasks = study_and_tasks(store)
    log_steps(store.run(tasks[-1].spec.id), 2)
    recorder.broken = OSError("no network\nand more")
    sweeps = iter([False, False, True])
    over = Event()
    monkeypatch.setattr(over, "wait", lambda _: next(sweeps))
    told: list[str] = []
    follow(study, store, "wandb", over, told.append)
    assert told == [
        "wandb: look here",
        "warning  wandb: OSError: no network; datayield track STUDY --to wandb sends "
        "the rest later",
    ]
    assert recorder.closed == 1


def test_a_tracker_that_does_not_open_is_told(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ImportError("protobuf is too old")

    monkeypatch.setattr("datayield.track.sending.open_tracker", refuse)
    study, _ = study_and_tasks(store)
    told: list[str] = []
    follow(study, store, "mlflow", Event(), told.append)
    assert len(told) == 1
    assert told[0].startswith("warning  mlflow: ImportError: protobuf is too old; ")
    with pytest.raises(TrackingError, match="protobuf is too old"):
        send_new(study, store, "mlflow")


def test_one_process_sends_a_study_at_a_time(store: Store, recorder: Recorder) -> None:
    study, _ = study_and_tasks(store)
    notes = trackers.sent_folder(store.root, "wandb", recorder.destination, study.name)
    notes.mkdir(parents=True)
    with run_lock(notes), pytest.raises(BusyError, match="is sending this study to wandb"):
        send_new(study, store, "wandb")


def test_a_process_that_fails_is_told_and_stops_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, _ = study_and_tasks(store)
    told: list[str] = []
    began = time.monotonic()
    with following(study, store, ["no_such_tracker"], told.append):
        assert time.monotonic() - began < 5  # it does not wait for the other process
    assert len(told) == 1
    assert told[0].startswith("warning  no_such_tracker: KeyError")


@pytest.mark.parametrize("command", [("run", "--track"), ("track", "--to")])
def test_what_cannot_track_is_refused_before_anything(
    datayield: Call, command: tuple[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    verb, option = command
    unknown = datayield(verb, "tiny.yaml", option, "wand")
    assert unknown.code == 2
    assert "did you mean 'wandb'?" in unknown.err
    monkeypatch.setattr("datayield.track.trackers.find_spec", lambda _: None)
    missing = datayield(verb, "tiny.yaml", option, "mlflow")
    assert missing.code == 2
    assert "pip install 'datayield[mlflow]'" in missing.err
    assert not (tmp_path / "store").exists()


def test_nothing_to_track_is_an_error(datayield: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datayield.track.trackers.find_spec", lambda _: "there")
    done = datayield("track", "tiny.yaml", "--to", "wandb")
    assert done.code == 2
    assert "nothing has run yet" in done.err
