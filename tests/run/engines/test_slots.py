"""How many jobs: what is measured counts before what is guessed, and the least bound decides."""

import pytest
import torch

from datayield.run.engines import slots as packing
from datayield.run.engines.slots import GIB, packed
from datayield.run.engines.slurm import parsed
from datayield.session import How, how_to_run, open_study
from datayield.spec.errors import ConfigError
from datayield.store.records import SpentRecord
from datayield.store.speeds import speed_key
from tests.conftest import Call

CPU = torch.device("cpu")


def spent_of(key: str, peak: int) -> SpentRecord:
    return SpentRecord(
        images_asked=640, images=640, views=1280, steps=20, flops=None, seconds=1.0,
        wait_seconds=0.0, view_seconds=0.1, peak_memory=peak, device="cpu", threads=1,
        final_loss=1.0, weights="", data_digest="", indices_digest="", speed_key=key,
        versions={}, finished=0.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("free", "cores", "jobs", "by"),
    [(64, 2, 2, "cores"), (64, 64, 11, "tasks"), (3, 8, 2, "memory"), (0.1, 8, 1, "memory")],
)
def test_the_least_of_memory_cores_and_tasks(
    datayield: Call, monkeypatch: pytest.MonkeyPatch, free: float, cores: int, jobs: int, by: str
) -> None:
    monkeypatch.setattr(packing, "free_memory", lambda _: int(free * GIB))
    monkeypatch.setattr(packing, "cores", lambda: cores)
    session = open_study("tiny.yaml")
    found = packed(session.plan(), session.store, CPU)
    assert found.jobs == jobs
    assert found.why.startswith(f"{jobs} at once, limited by {by} (")
    assert "estimated" in found.why


def test_memory_of_earlier_runs_of_the_kind_replaces_the_guess(
    datayield: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_study("tiny.yaml")
    plan = session.plan()
    done = {speed_key(t.spec): t for t in plan.todo if t.share_left > 0}  # type: ignore[arg-type]
    for key, task in done.items():
        folder = session.store.run(task.spec.id)
        folder.write_spent(spent_of(key, 5 * GIB))
        for share in task.shares:
            folder.checkpoint(share).parent.mkdir(exist_ok=True)
            folder.checkpoint(share).touch()
    monkeypatch.setattr(packing, "free_memory", lambda _: 14 * GIB)
    monkeypatch.setattr(packing, "cores", lambda: 8)
    found = packed(session.plan(), session.store, CPU)
    assert found.jobs == 2
    assert "5.0 GiB each measured" in found.why


def test_free_memory_is_some_but_not_more_than_there_is() -> None:
    assert 1 << 20 < packing.free_memory(CPU) < 1 << 50


def test_options_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert how_to_run("local", "auto") == How("local", None)
    assert how_to_run("ray", "3") == How("ray", 3)
    for executor, jobs, slurm, said in [
        ("rya", "1", (), "did you mean 'ray'"),
        ("local", "0", (), "invalid number of jobs"),
        ("local", "two", (), "invalid number of jobs"),
        ("ray", "auto", (), "only for --executor local"),
        ("local", "1", ("time=3",), "Slurm settings"),
    ]:
        with pytest.raises(ConfigError, match=said):
            how_to_run(executor, jobs, slurm)
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert how_to_run("local", "1") == How()
    with pytest.raises(ConfigError, match="torchrun started 2 processes"):
        how_to_run("local", "2")


def test_settings_of_slurm_are_checked() -> None:
    assert parsed(("time=60", "partition=gpu", "gpus=1")) == {
        "timeout_min": 60, "slurm_partition": "gpu", "gpus_per_node": 1,
    }  # fmt: skip
    with pytest.raises(ConfigError, match="did you mean 'partition'"):
        parsed(("partitoin=gpu",))
    with pytest.raises(ConfigError, match="must be an integer"):
        parsed(("time=1h",))
