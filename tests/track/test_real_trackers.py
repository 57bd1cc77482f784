"""What TensorBoard, W&B and MLflow read back; each where its package is installed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from datayield.store.folders import Store
from datayield.store.plan import Task
from datayield.track import TrackedStudy, following
from tests.track.recorder import finish, log_steps, study_and_tasks


@pytest.fixture
def sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Store, TrackedStudy, list[Task]]:
    """A study whose last run was interrupted once; nothing is sent yet."""
    for name in ("WANDB_MODE", "WANDB_PROJECT", "WANDB_DIR", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    store = Store(tmp_path / "store")
    study, tasks = study_and_tasks(store)
    log_steps(store.run(tasks[-1].spec.id), 2, 4)
    return store, study, tasks


def _interrupted(name: str, sent: tuple[Store, TrackedStudy, list[Task]]) -> str:
    """Send what an interrupted run and its continuation leave, each from a process; its id."""
    store, study, tasks = sent
    told: list[str] = []
    with following(study, store, [name], told.append):
        pass
    log_steps(store.run(tasks[-1].spec.id), 6)
    with following(study, store, [name], told.append):
        finish(store, tasks[-1])
    assert len(told) == 2
    assert not [line for line in told if line.startswith("warning")]
    return tasks[-1].spec.id


@pytest.mark.filterwarnings("default")
def test_tensorboard(sent: tuple[Store, TrackedStudy, list[Task]]) -> None:
    pytest.importorskip("tensorboard", reason="the extra tensorboard is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = _interrupted("tensorboard", sent)
    (folder,) = (sent[0].root / "trackers/tensorboard/tiny").glob(f"*{run[:8]}")
    read = EventAccumulator(str(folder))
    read.Reload()
    assert [event.step for event in read.Scalars("train/loss")] == [2, 4, 6]
    assert [(e.step, e.value) for e in read.Scalars("category/accuracy")] == [(63, 0.5)]


@pytest.mark.filterwarnings("default")
def test_mlflow(sent: tuple[Store, TrackedStudy, list[Task]]) -> None:
    pytest.importorskip("mlflow", reason="the extra mlflow is not installed")
    from mlflow.tracking import MlflowClient

    run = _interrupted("mlflow", sent)
    client = MlflowClient(f"sqlite:///{sent[0].root}/trackers/mlflow/mlflow.db")
    experiment = client.get_experiment_by_name("tiny")
    (found,) = client.search_runs([experiment.experiment_id])
    assert found.info.status == "FINISHED"
    assert (found.data.tags["datayield.run"], found.data.params["images"]) == (run, "1000")
    history = client.get_metric_history(found.info.run_id, "train/loss")
    assert [each.step for each in history] == [2, 4, 6]


@pytest.mark.filterwarnings("default")
def test_wandb_offline(sent: tuple[Store, TrackedStudy, list[Task]]) -> None:
    pytest.importorskip("wandb", reason="the extra wandb is not installed")
    run = _interrupted("wandb", sent)
    (file,) = (sent[0].root / "trackers/wandb/wandb").glob("offline-run-*/*.wandb")
    kinds = dict[str, list[Any]]()
    for record in _records(file.read_bytes()):
        kinds.setdefault(record.WhichOneof("record_type"), []).append(record)
    assert {(r.run.run_id, r.run.run_group) for r in kinds["run"]} == {(f"tiny-{run}", "tiny")}
    rows = [
        {item.key or item.nested_key[0]: json.loads(item.value_json) for item in r.history.item}
        for r in kinds["history"]
    ]
    assert [row["step"] for row in rows if "train/loss" in row] == [2, 4, 6]
    assert [r.exit.exit_code for r in kinds["exit"]] == [0]


def _records(data: bytes) -> Iterator[Any]:
    """The records of a .wandb file, which is a LevelDB log after 7 bytes."""
    from wandb.proto.wandb_internal_pb2 import Record

    at, whole = 7, b""
    while at + 7 <= len(data):
        if (left := 32768 - at % 32768) < 7:
            at += left
            continue
        size, kind = int.from_bytes(data[at + 4 : at + 6], "little"), data[at + 6]
        whole, at = whole + data[at + 7 : at + 7 + size], at + 7 + size
        if kind in (1, 4):  # all of a record, or its last part
            yield Record.FromString(whole)
            whole = b""
