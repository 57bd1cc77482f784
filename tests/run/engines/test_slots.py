"""How many jobs: what is measured counts before what is guessed, and the least bound decides."""

import json
import re
import resource
from pathlib import Path

import pytest
import torch

from datayield.data import free_memory
from datayield.execution import Execution, parse_execution
from datayield.run.engines import slots
from datayield.run.engines.slots import GIB, choose_jobs
from datayield.run.engines.slurm import parsed
from datayield.session import open_study
from datayield.spec.errors import ConfigError
from datayield.spec.run import RunSpec
from datayield.store.records import RunCostRecord
from datayield.store.speeds import Speeds, speed_key
from tests.conftest import Call
from tests.forked import exit_code
from tests.stored import archive

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _any_work_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "SECONDS_EACH", 1e-9)


def spent_of(key: str, peak: int) -> RunCostRecord:
    return RunCostRecord(
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
    monkeypatch.setattr(slots, "cores", lambda: cores)
    session = open_study("tiny.yaml")
    chosen = choose_jobs(session.plan(), session.store, "cpu", free * GIB)
    assert chosen.jobs == jobs
    assert chosen.why.startswith(f"{jobs} at once, limited by {by} (")
    assert "estimated" in chosen.why


def test_memory_of_earlier_runs_of_the_kind_replaces_the_guess(
    datayield: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_study("tiny.yaml")
    plan = session.plan()
    done = {speed_key(t.spec): t for t in plan.todo if t.share_left > 0}  # type: ignore[arg-type]
    for key, task in done.items():
        folder = session.store.run(task.spec.id)
        folder.write_run_cost(spent_of(key, 5 * GIB))
        for share in task.shares:
            archive(folder.checkpoint(share))
    monkeypatch.setattr(slots, "cores", lambda: 8)
    chosen = choose_jobs(session.plan(), session.store, "cpu", 14 * GIB)
    assert chosen.jobs == 2
    assert "5.0 GiB each measured" in chosen.why


def limited(told: Path) -> None:
    """How many jobs a process chooses that may have 1.5 GiB more than it has."""
    slots.SECONDS_EACH = 1e-9
    session = open_study("tiny.yaml")
    size = next(free_memory._fields(Path("/proc/self/status"), "VmSize:", 1024))
    resource.setrlimit(resource.RLIMIT_AS, (size + (1536 << 20),) * 2)
    free = free_memory.free_bytes(CPU)
    chosen = choose_jobs(session.plan(), session.store, "cpu", free)
    fits = free_memory.images_fit(int(0.6 * free), CPU)
    told.write_text(json.dumps([free, fits, chosen.jobs, chosen.why]))


def test_a_limit_on_this_process_counts_for_jobs_as_it_does_for_images(
    datayield: Call, tmp_path: Path
) -> None:
    assert exit_code(limited, tmp_path / "told.json") == 0
    free, most_of_it_fits, jobs, why = json.loads((tmp_path / "told.json").read_text())
    assert 1.4 * GIB < free <= 1.5 * GIB
    assert not most_of_it_fits
    assert jobs == 1
    said = re.search(r"limited by memory.*?([0-9.]+) GiB free", why)
    assert said is not None
    assert float(said[1]) == pytest.approx(free / GIB, abs=0.11)


def test_options_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_execution("local", "auto") == Execution("local", None, stack=None)
    assert parse_execution("local") == Execution("local", None, stack=None)
    assert parse_execution("local", "2", stack="4") == Execution("local", 2, stack=4)
    assert parse_execution("ray") == Execution("ray", 1)
    assert parse_execution("ray", "3") == Execution("ray", 3)
    with pytest.raises(ConfigError, match="invalid number for --stack"):
        parse_execution("local", stack="0")
    with pytest.raises(ConfigError, match="several processes share are not stacked"):
        parse_execution("ray", "1", inside=2, stack="4")
    for executor, jobs, slurm, said in [
        ("rya", "1", (), "did you mean 'ray'"),
        ("local", "0", (), "invalid number for --jobs"),
        ("local", "two", (), "invalid number for --jobs"),
        ("ray", "auto", (), "only for --executor local"),
        ("local", "1", ("time=3",), "Slurm settings"),
    ]:
        with pytest.raises(ConfigError, match=said):
            parse_execution(executor, jobs, slurm)
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert parse_execution("local", "1") == Execution()
    with pytest.raises(ConfigError, match="torchrun started 2 processes"):
        parse_execution("local", "2")


def test_settings_of_slurm_are_checked() -> None:
    assert parsed(("time=60", "partition=gpu", "gpus=1")) == {
        "timeout_min": 60, "slurm_partition": "gpu", "gpus_per_node": 1,
    }  # fmt: skip
    with pytest.raises(ConfigError, match="did you mean 'partition'"):
        parsed(("partitoin=gpu",))
    with pytest.raises(ConfigError, match="must be an integer"):
        parsed(("time=1h",))


def test_a_second_process_needs_enough_to_do(
    datayield: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "SECONDS_EACH", 10.0)
    monkeypatch.setattr(slots, "cores", lambda: 8)
    session = open_study("tiny.yaml")
    chosen = choose_jobs(session.plan(), session.store, "cpu")
    assert chosen.why.startswith("1 at once, limited by w")


def test_the_speed_of_another_network_does_not_say_how_much_there_is_to_do(
    datayield: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "SECONDS_EACH", 10.0)
    monkeypatch.setattr(slots, "cores", lambda: 2)
    Speeds("cpu").add("a ResNet", 2e-4, "run", flops=1e10, encoder="resnet18")
    session = open_study("demo")
    plan = session.plan()
    assert plan.estimate is not None
    assert plan.estimate.likely < 20
    assert choose_jobs(plan, session.store, "cpu").jobs == 2


def test_a_plan_tells_the_time_of_the_runs_that_share_the_machine(
    datayield: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "cores", lambda: 2)
    session = open_study("tiny.yaml")
    assert session.time(session.plan()).seconds is None
    for task in session.plan().todo:
        if isinstance(task.spec, RunSpec):
            Speeds("cpu").add(speed_key(task.spec), 1e-3, "run", flops=1e9, encoder="convnet")
    plan = session.plan()
    assert plan.estimate is not None
    both, alone = session.time(plan), session.time(plan, 1)
    assert (both.jobs, alone.jobs) == (2, 1)
    assert both.seconds is not None
    assert alone.seconds is not None
    assert alone.seconds.likely == plan.estimate.likely + len(plan.todo)
    assert both.seconds.likely == alone.seconds.likely / 1.7
    assert json.loads(datayield("plan", "tiny.yaml", "--json").out)["at_once"]["jobs"] == 2
