"""Two processes at each task of an engine: stopped, warned, killed, they end as torchrun does."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from torch.distributed.elastic.multiprocessing.errors import ProcessFailure

from datayield.run.attempt import Ended, Job
from datayield.run.executors import engine_of
from datayield.run.inside_torchrun import _verdict, by_processes
from datayield.session import How, how_to_run, open_study
from datayield.spec.errors import ConfigError
from datayield.store.atomic import read_json
from tests.conftest import Call
from tests.run.engines_runs import BY_RAY, BY_SLURM, STUDY, environment, finished, start, table
from tests.run.test_engines import resumed

BY_TWO = ("--processes", "2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the study is done already by torchrun itself, under `direct`."""
    folder = tmp_path_factory.mktemp("inside")
    (folder / "engines.yaml").write_text(STUDY.format(images=6400, seeds=[0]))
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
        "-m", "datayield", "run", "engines.yaml", "--store", "direct",
    ]  # fmt: skip
    subprocess.run(command, cwd=folder, env=environment(folder), check=True, capture_output=True)
    return folder


def leader(store: Path, study: "subprocess.Popen[str]") -> int:
    """The process that holds the first run seen to have saved."""
    while study.poll() is None:
        for progress in store.glob("runs/*/progress.json"):
            claim = read_json(progress.with_name("claim.json"))
            if claim and (read_json(progress) or {"step": 0})["step"] > 0:
                return int(claim["pid"])
        time.sleep(0.01)
    raise AssertionError(f"it ended before a run had saved: {study.communicate()}")


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def follower(of: int) -> int:
    """The other process of the torchrun that started `of`."""
    pids = [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()]
    [other] = [pid for pid in pids if pid != of and parent(pid) == parent(of)]
    return other


def test_on_slurm_a_stop_saves_and_a_job_warned_is_requeued(folder: Path) -> None:
    pytest.importorskip("submitit")
    store = folder / "slurm"
    study = start(folder, "slurm", *BY_SLURM, *BY_TWO)
    leader(store, study)
    study.send_signal(signal.SIGINT)
    _, said = study.communicate(timeout=300)
    assert study.returncode == 3, said
    assert ", saved" in said
    assert not list(store.glob("runs/*/claim.json"))
    stopped = resumed(folder, "slurm")

    study = start(folder, "slurm", *BY_SLURM, *BY_TWO)
    job = parent(parent(leader(store, study)))  # of torchrun, of the leader
    os.kill(job, signal.SIGUSR2)
    said = finished(study)
    assert "started again" not in said
    assert resumed(folder, "slurm") > stopped + 1
    assert table(folder, "slurm") == table(folder, "direct")


def test_on_ray_a_killed_follower_costs_an_attempt(folder: Path) -> None:
    pytest.importorskip("ray")
    study = start(folder, "ray", *BY_RAY, *BY_TWO)
    os.kill(follower(leader(folder / "ray", study)), signal.SIGKILL)
    said = finished(study)
    assert "process 1 of 2 ended (killed; if nobody did, the machine ran out of memory)" in said
    assert said.count("started again (1 of 2)") == 1
    assert table(folder, "ray") == table(folder, "direct")


def test_an_error_of_the_program_ends_all_processes_and_is_told(
    datayield: Call, tmp_path: Path
) -> None:
    session = open_study("tiny.yaml")
    task = session.plan().todo[-1]
    odd = task._replace(spec=task.spec.model_copy(update={"batch": 33}))
    end = by_processes(Job(odd, session.store, "cpu", 60.0, processes=2), tmp_path, tmp_path)
    assert end.how == "failed"
    assert "a batch of 33 cannot be shared out evenly among 2 processes" in end.message


def test_the_process_that_a_signal_ended_is_the_cause(tmp_path: Path) -> None:
    (tmp_path / "cause").write_text("process 0 of 2: connection closed by peer")
    failures = [ProcessFailure(0, 10, 1, "<N/A>"), ProcessFailure(1, 11, -signal.SIGSEGV, "<N/A>")]
    assert _verdict(failures, 2, tmp_path) == Ended("lost", "process 1 of 2 ended (SIGSEGV)")
    assert _verdict(failures[:1], 2, tmp_path).how == "failed"
    assert "connection closed" in _verdict(failures[:1], 2, tmp_path).message


def test_options_are_checked_before_anything_runs(
    datayield: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert how_to_run("ray", "2", (), 4) == How("ray", 2, (), 4)
    with pytest.raises(ConfigError, match="torchrun --nproc-per-node 2 -m datayield run"):
        how_to_run("local", "1", (), 2)
    refused = datayield("run", "tiny.yaml", "--executor", "slurm", "--processes", "3")
    assert refused.code == 2
    assert "a batch of 32 images cannot be shared out evenly among 3 processes" in refused.err
    assert not (tmp_path / "store").exists()


def test_on_ray_a_task_asks_for_a_gpu_for_each_process(
    datayield: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = pytest.importorskip("ray")
    session = open_study("tiny.yaml")
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
    with pytest.raises(ConfigError, match="no node of the cluster has a GPU for each process"):
        asked(1, 3)
