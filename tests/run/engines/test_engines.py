"""Whole studies on real engines: killed, stopped and doubled, they end with the serial table."""

import signal
import time
from pathlib import Path

import pytest

from tests.run.engines.engines_runs import (
    BY_RAY,
    BY_SLURM,
    BY_TWO,
    STUDY,
    finished,
    signal_one,
    stacked,
    start,
    table,
    times_resumed,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the study is done already, one run after another, under `serial`."""
    folder = tmp_path_factory.mktemp("engines")
    (folder / "engines.yaml").write_text(STUDY.format(images=4800, seeds=[0]))
    finished(start(folder, "serial"))
    return folder


def test_a_killed_worker_is_replaced_and_its_run_continued(folder: Path) -> None:
    study = start(folder, "killed", *BY_TWO)
    signal_one(folder / "killed", signal.SIGKILL, study)
    said = finished(study)
    assert said.count("restarted (1 of 2)") == 1, said
    assert times_resumed(folder / "killed") == 1
    assert table(folder, "killed") == table(folder, "serial")


def test_ctrl_c_saves_all_runs(tmp_path: Path) -> None:
    (tmp_path / "engines.yaml").write_text(STUDY.format(images=9600, seeds=[0]))  # not finished
    study = start(tmp_path, "stopped", *BY_TWO)
    store = tmp_path / "stopped"
    while len(list(store.glob("runs/*/progress.json"))) < 2:
        assert study.poll() is None, study.wait()
        time.sleep(0.01)
    study.send_signal(signal.SIGINT)
    said = study.wait()
    assert study.poll() == 3, said
    assert said.count(", saved") == 2, said
    assert not list(store.glob("runs/*/lock.json"))


def test_on_ray_a_killed_worker_changes_nothing(folder: Path) -> None:
    pytest.importorskip("ray")
    study = start(folder, "ray", *BY_RAY)
    signal_one(folder / "ray", signal.SIGKILL, study)
    said = finished(study)
    assert "its worker or node was lost (WorkerCrashedError); restarted (1 of 2)" in said
    assert table(folder, "ray") == table(folder, "serial")
    assert not (folder / "ray" / "jobs").exists()


def test_a_slurm_job_warned_of_its_end_saves_and_goes_on_when_requeued(folder: Path) -> None:
    pytest.importorskip("submitit")
    study = start(folder, "slurm", *BY_SLURM)
    signal_one(folder / "slurm", signal.SIGUSR2, study)
    said = finished(study)
    assert "restarted" not in said
    assert times_resumed(folder / "slurm") == 1
    assert table(folder, "slurm") == table(folder, "serial")


@pytest.mark.parametrize(
    ("package", "options", "number"),
    [("ray", BY_RAY, signal.SIGKILL), ("submitit", BY_SLURM, signal.SIGUSR2)],
)
def test_there_a_stack_that_is_interrupted_ends_as_an_undisturbed_one(
    package: str, options: tuple[str, ...], number: int, folder: Path
) -> None:
    pytest.importorskip(package)
    calm, stormy = f"calm {package}", f"stormy {package}"
    finished(start(folder, calm, "--jobs", "1", "--stack", "2"))
    study = start(folder, stormy, *options, "--stack", "2")
    signal_one(folder / stormy, number, study)
    said = finished(study)
    assert "with 1 more of its shape, as one network" in said
    assert times_resumed(folder / stormy) > 0
    assert table(folder, stormy) == table(folder, calm)
    assert stacked(folder / stormy) == stacked(folder / calm)
    assert [runs for runs, _ in stacked(folder / calm)] == [2, 2]


def test_workers_whose_commander_is_killed_save_and_go(folder: Path) -> None:
    study = start(folder, "orphans", *BY_TWO)
    store = folder / "orphans"
    while not list(store.glob("runs/*/progress.json")):
        assert study.poll() is None, study.wait()
        time.sleep(0.01)
    study.send_signal(signal.SIGKILL)
    study.wait()  # ends when the last worker closes standard error
    assert not list(store.glob("runs/*/lock.json"))
    finished(start(folder, "orphans"))
    assert times_resumed(folder / "orphans") > 0
    assert table(folder, "orphans") == table(folder, "serial")
