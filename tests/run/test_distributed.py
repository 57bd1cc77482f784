"""Two processes at one run: they end where one ends, stop together, and a study runs on both."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import torch
from torch import Tensor

from datayield.run.device import choose
from datayield.run.task import run_task
from datayield.session import open_study
from datayield.spec.atomic_files import read_json
from datayield.spec.errors import ConfigError, TrainingError
from datayield.store.speeds import kind_of
from tests.conftest import Call
from tests.forked import Command
from tests.methods.parallel_table import difference
from tests.pair import both, environments
from tests.run import distributed_runs as parallel_runs
from tests.run.distributed_runs import CASES, apart
from tests.run.loop.test_pretrain import CPU

Trained = dict[tuple[str, torch.dtype], dict[str, dict[str, Tensor]]]
EXACT = 1e-9  # float64, relative, of any weight or statistic; measured below 1e-12
# float32, relative, over all weights: two processes against one in float64 (measured below 1e-6)
# and in float32 (below 5e-4: torch's BatchNorm rounds more than the synchronised one).
NEAR_EXACT, NEAR = 1e-5, 5e-3


@pytest.fixture(scope="module")
def by_two(tmp_path_factory: pytest.TempPathFactory) -> list[Trained]:
    return both(parallel_runs.all_trained, tmp_path_factory.mktemp("two"), CASES)


@pytest.fixture(scope="module")
def by_one(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, dict[str, Tensor]]]:
    """What one process ends with, trained when it is first asked for."""

    @cache
    def trained(name: str, dtype: torch.dtype) -> dict[str, dict[str, Tensor]]:
        return parallel_runs.trained(name, tmp_path_factory.mktemp("one"), dtype)

    return trained


@pytest.mark.parametrize(("name", "dtype"), CASES, ids=str)
def test_all_steps_of_two_end_where_one_ends(
    by_two: list[Trained],
    by_one: Callable[..., dict[str, dict[str, Tensor]]],
    name: str,
    dtype: torch.dtype,
) -> None:
    alone = by_one(name, dtype)
    first, second = (one[name, dtype] for one in by_two)
    for kind, tensors in first.items():
        assert all(torch.equal(value, second[kind][key]) for key, value in tensors.items())
    if dtype == torch.float64:
        assert max(difference(first[kind], alone[kind]) for kind in alone) < EXACT
    else:
        exact = by_one(name, torch.float64)
        assert apart(first["weights"], exact["weights"]) < NEAR_EXACT
        assert apart(first["weights"], alone["weights"]) < NEAR


def test_what_is_recorded_is_of_all_processes(tmp_path: Path) -> None:
    assert both(parallel_runs.processes_recorded, tmp_path) == [(2, 640), (2, 640)]


def test_a_wish_of_one_to_stop_stops_both_at_one_step(tmp_path: Path) -> None:
    (said, step), other = both(parallel_runs.one_wants_to_stop, tmp_path)
    assert other == (said, step)
    assert 7 <= step < 20
    assert said == f"InterruptedRunError: stopped at step {step} of 20, saved"


def test_processes_that_end_with_different_weights_are_found_out(tmp_path: Path) -> None:
    for said in both(parallel_runs.without_averaging, tmp_path):
        assert said.startswith("TrainingError: 2 processes")
        assert "process 1 differs from process 0" in said


def test_a_follower_with_other_images_stops_the_run_before_it_begins(tmp_path: Path) -> None:
    (said, trained), _ = both(parallel_runs.other_images, tmp_path)
    assert said.startswith(
        "DataError: 'made' holds different images on this machine than on rank 0"
    )
    assert not trained


def test_after_a_loss_that_is_not_finite_the_followers_take_the_next_run(tmp_path: Path) -> None:
    (broken, fine, finished), _ = both(parallel_runs.not_finite_then_fine, tmp_path)
    assert broken.startswith("DivergedError: the loss is nan at step 7 of 20")
    assert (fine, finished) == ("", True)


def test_a_leader_out_of_memory_ends_so_that_torchrun_ends_the_others(
    datayield: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("datayield.run.beside.train", full)
    session = open_study("tiny.yaml")
    session.store.check_writable()
    task = session.plan().todo[-1]
    with pytest.raises(TrainingError, match="out of memory"):  # alone: the next run is begun
        list(run_task(task, session.store, CPU, Event()))
    monkeypatch.setattr("datayield.run.task.world_size", lambda: 2)
    with pytest.raises(SystemExit, match="out of memory"):
        list(run_task(task, session.store, CPU, Event()))
    assert session.store.run(task.spec.id).failure.exists()


STUDY = """
study: both
question: do two do what one does?
base:
  data: {dataset: "sprites?n=200&n_test=100", size: 16}
  encoder: {name: convnet, size: 16, width: 4}
  views: {recipe: mild, size: 16}
  method: {name: simclr, projector: [16, 16]}
  optim: {lr: 1e-3}
  batch: 32
  budget: {images: 3200}
axes:
  seed: [0, 1]
evaluations:
  - {name: texture, protocol: knn@1, dataset: "sprites?n=200&n_test=100", label: texture,
     at: [0.5, 1.0]}
"""


def torchrun(store: Path) -> "subprocess.Popen[str]":
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
        "-m", "datayield", "run", "both.yaml", "--device", "cpu", "--save-every", "0",
    ]  # fmt: skip
    env = {**os.environ, "DATAYIELD_STORE": str(store), "OMP_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=env, stdout=pipe, stderr=pipe, text=True)


def both_commands(folder: Path, store: Path) -> str:
    """The same, in processes that have torch, with the environment that torchrun gives them."""
    arguments = ["run", "both.yaml", "--device", "cpu", "--store", str(store)]
    commands = [
        Command(*arguments, environment=os.environ | added, folder=folder)
        for added in environments()
    ]
    said = "".join(command.wait() for command in commands)
    assert [command.poll() for command in commands] == [0, 0], said
    return said


def spent(store: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(store.glob("runs/*/spent.json"))]


def scores(store: Path) -> list[tuple[str, str, str]]:
    with (store / "studies" / "both" / "table.csv").open() as file:
        return [(row["run"], row["share"], row["value"]) for row in csv.DictReader(file)]


def test_a_study_on_two_processes_stopped_and_finished_by_two_or_by_one(
    datayield: Call, tmp_path: Path
) -> None:
    (tmp_path / "both.yaml").write_text(STUDY)
    two, one = tmp_path / "by-two", tmp_path / "by-one"
    first = torchrun(two)
    deadline = time.monotonic() + 120
    while not any((read_json(p) or {})["step"] > 20 for p in two.glob("runs/*/progress.json")):
        assert time.monotonic() < deadline
        assert first.poll() is None, first.communicate()
        time.sleep(0.01)
    first.send_signal(signal.SIGTERM)
    _, said = first.communicate(timeout=60)
    assert first.returncode != 0
    assert "saved" in said, said
    assert not list(two.glob("runs/*/lock.json"))
    assert len(list(two.glob("runs/*/state.pt"))) == 1
    assert spent(two) == []
    shutil.copytree(two, one)

    alone = datayield("run", "both.yaml", "--store", str(one))
    assert alone.code == 0, alone.err
    assert sorted(record["resumed"] for record in spent(one)) == [0, 1]

    said = both_commands(tmp_path, two)
    assert said.count("report:") == 1
    assert said.count(" finished") == 1
    assert (two / "studies" / "both" / "report.html").exists()
    assert sorted(record["resumed"] for record in spent(two)) == [0, 1]
    assert {record["processes"] for record in spent(two)} == {2}
    assert {record["images"] for record in spent(two)} == {3200}
    assert list((tmp_path / "cache" / "speeds").glob("*-cpux2.json"))
    assert [row[:2] for row in scores(two)] == [row[:2] for row in scores(one)]

    written = {p: p.stat().st_mtime_ns for p in two.rglob("*") if p.is_file()}
    assert "nothing to do" in both_commands(tmp_path, two)
    assert {p: p.stat().st_mtime_ns for p in two.rglob("*") if p.is_file()} == written


def test_a_batch_that_cannot_be_shared_out_is_refused_before_anything_runs(
    datayield: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "3")
    refused = datayield("run", "tiny.yaml")
    assert refused.code == 2
    assert "a batch of 32 images is not divisible by 3 processes" in refused.err
    assert "batch" in refused.err
    assert "a multiple of 3" in refused.err
    assert not (tmp_path / "store").exists()


def test_each_process_has_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert choose("auto") == choose("cuda") == torch.device("cuda", 1)
    assert choose("cpu") == torch.device("cpu")
    assert kind_of("cuda") == "cudax2"
    with pytest.raises(ConfigError, match="cannot share one device"):
        choose("cuda:0")
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(ConfigError, match="start fewer processes"):
        choose("auto")
