"""Torchrun inside a task: stopped and continued, ended by an error, refused. Whole studies on
engines, with processes killed: `python -m tests.run.engines.torchrun_runs`.
"""

import os
import pickle
import signal
import sys
from pathlib import Path
from threading import Event, Thread

import pytest
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure

from datayield.execution import Execution, parse_execution
from datayield.run.engines import torchrun
from datayield.run.engines.choose import engine_of
from datayield.run.engines.torchrun import _verdict, run_in_processes
from datayield.run.job import Job, TaskEnd
from datayield.session import open_study
from datayield.spec.atomic_files import read_json
from datayield.spec.errors import ConfigError
from datayield.spec.run.budget import Budget
from tests.conftest import Call
from tests.forked import SECONDS, begin
from tests.pair import environments


def boxed(job: Job, box: Path, folder: Path) -> Path:
    """The box from which a launcher and its processes take the task."""
    box.mkdir()
    (box / "task").write_bytes(pickle.dumps((job, folder, folder)))
    return box


def _take_part(box: Path) -> None:
    """As a process of torchrun whose engine's process lives: nothing closes its input."""
    sys.stdin = os.fdopen(os.dup(os.pipe()[0]))
    torchrun._take_part(box)


def taken_part(job: Job, box: Path, folder: Path) -> tuple[TaskEnd, list[int | None]]:
    """How a task ends in two processes that have torch when they begin, and how those end."""
    boxed(job, box, folder)
    processes = [begin(_take_part, box, **added) for added in environments()]
    for process in processes:
        process.join(SECONDS)
    return pickle.loads((box / "end").read_bytes()), [each.exitcode for each in processes]


def test_a_wish_to_stop_reaches_both_and_the_run_goes_on(datayield: Call, tmp_path: Path) -> None:
    session = open_study("tiny.yaml")
    session.store.check_writable()
    task = next(task for task in session.plan().todo if task.share_left > 0)
    longer = Budget(unit="images", amount=6_400)
    task = task._replace(spec=task.spec.model_copy(update={"budget": longer}), evals=(), pending=())
    run = session.store.run(task.spec.id)
    job, stop = Job(task, session.store, "cpu", 0.0, processes=2), Event()

    def stop_once_saved() -> None:
        while not (read_json(run.path / "progress.json") or {}).get("step"):
            stop.wait(0.05)
        stop.set()

    Thread(target=stop_once_saved, daemon=True).start()
    end = run_in_processes(job, tmp_path, tmp_path, stop)
    assert end.how == "stopped"
    step = (read_json(run.path / "progress.json") or {})["step"]
    assert 0 < step < 200
    assert end.message.startswith(f"stopped at step {step} of 200, saved")
    assert not (run.path / "lock.json").exists()

    goes_on = job._replace(save_seconds=60.0)
    assert taken_part(goes_on, tmp_path / "box", tmp_path) == (TaskEnd("done"), [0, 0])
    spent = run.run_cost()
    assert spent is not None
    assert (spent.processes, spent.resumed, spent.images) == (2, 1, 6_400)


def test_an_error_of_the_program_ends_all_processes_and_is_told(
    datayield: Call, tmp_path: Path
) -> None:
    session = open_study("tiny.yaml")
    session.store.check_writable()
    task = session.plan().todo[-1]
    odd = task._replace(spec=task.spec.model_copy(update={"batch": 33}))
    box = boxed(Job(odd, session.store, "cpu", 60.0, processes=2), tmp_path / "box", tmp_path)
    launcher = begin(torchrun._launch, box)  # the launcher alone has torch when it begins
    launcher.join(SECONDS)
    assert launcher.exitcode == 0
    end: TaskEnd = pickle.loads((box / "end").read_bytes())
    assert end.how == "failed"
    assert "a batch of 33 is not divisible by 2 processes" in end.message


def test_the_process_that_a_signal_ended_is_the_cause(tmp_path: Path) -> None:
    (tmp_path / "cause").write_text("process 0 of 2: connection closed by peer")
    failures = [ProcessFailure(0, 10, 1, "<N/A>"), ProcessFailure(1, 11, -signal.SIGSEGV, "<N/A>")]
    assert _verdict(failures, 2, tmp_path) == TaskEnd("lost", "process 1 of 2 ended (SIGSEGV)")
    assert _verdict(failures[:1], 2, tmp_path).how == "failed"
    assert "connection closed" in _verdict(failures[:1], 2, tmp_path).message


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGTERM])
def test_signals_that_follow_from_an_error_are_not_its_cause(tmp_path: Path, number: int) -> None:
    failures = [ProcessFailure(1, 11, -number, "<N/A>"), ProcessFailure(0, 10, 1, "<N/A>")]
    assert _verdict(failures, 2, tmp_path).how == "lost"  # nobody told of an error
    (tmp_path / "cause").write_text("process 0 of 2: a batch of 33 is not divisible")
    assert _verdict(failures, 2, tmp_path).how == "failed"
    assert "a batch of 33" in _verdict(failures, 2, tmp_path).message


def test_a_process_that_dies_after_the_leader_has_ended_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(torchrun, "_task", lambda _: (Job(*[None] * 3, 0.0, processes=2),))  # type: ignore[arg-type]
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # this process keeps its handlers
    failure = ProcessFailure(1, 11, -signal.SIGABRT, "<N/A>")

    def launched(end: TaskEnd | None) -> TaskEnd:
        def both(_: list[str]) -> None:
            if end is not None:
                torchrun._end(tmp_path, end)
            raise ChildFailedError("both", {1: failure})

        monkeypatch.setattr("torch.distributed.run.main", both)
        torchrun._launch(tmp_path)
        last: TaskEnd = pickle.loads((tmp_path / "end").read_bytes())
        (tmp_path / "end").unlink()
        return last

    assert launched(TaskEnd("stopped", "at step 3")) == TaskEnd("stopped", "at step 3")
    assert launched(None).how == "lost"


def test_options_are_checked_before_anything_runs(
    datayield: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert parse_execution("ray", "2", (), 4) == Execution("ray", 2, (), 4)
    with pytest.raises(ConfigError, match="torchrun --nproc-per-node 2 -m datayield run"):
        parse_execution("local", "1", (), 2)
    refused = datayield("run", "tiny.yaml", "--executor", "slurm", "--processes", "3")
    assert refused.code == 2
    assert "a batch of 32 images is not divisible by 3 processes" in refused.err
    assert not (tmp_path / "store").exists()


def test_on_ray_a_task_asks_for_a_gpu_for_each_process(
    datayield: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = pytest.importorskip("ray")
    session = open_study("tiny.yaml")
    session.store.check_writable()
    node = {"Alive": True, "Resources": {"CPU": 8.0, "GPU": 2.0}}
    monkeypatch.setenv("RAY_ADDRESS", "made-up")
    monkeypatch.setattr(ray, "init", lambda **_: None)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": 16.0, "GPU": 4.0})
    monkeypatch.setattr(ray, "nodes", lambda: [node, node])

    def asked(jobs: int, processes: int) -> tuple[object, int]:
        engine = engine_of(
            "ray", jobs, (), plan=session.plan(), store=session.store, device="auto",
            processes=processes, stop=None, say=print,  # type: ignore[arg-type]
        )  # fmt: skip
        engine.close()
        return engine._resources["num_gpus"], engine.sharing  # type: ignore[attr-defined]

    assert asked(8, 1) == (0.5, 2)
    assert asked(2, 2) == (2, 1)
    with pytest.raises(ConfigError, match="no node of the cluster has a GPU for every process"):
        asked(1, 3)
