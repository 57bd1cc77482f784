"""A run follows the kept measurement, goes on as it began, and leaves the process as it was."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
import torch
from torch import Tensor

from datayield.run.loop import cpu_layout as layout
from datayield.run.loop import pretrain
from datayield.run.loop.cpu_layout import (
    choose_settings,
    rates_here,
    restore_threads,
    settings_of,
    to_memory_format,
)
from datayield.run.task import run_task
from datayield.session import open_study
from datayield.spec.errors import InterruptedRunError
from datayield.spec.run import flops_per_image
from datayield.store.cpu_settings import CpuSettings, Layout, TrainRate
from datayield.store.folders import RunFolder
from datayield.store.records import RunCostRecord
from tests.conftest import Call
from tests.run.loop.test_pretrain import CPU, spec_of, training_data_of

SPEC = spec_of()


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A machine of two cores where nothing was measured, and torch takes one thread by itself."""
    monkeypatch.setenv("DATAYIELD_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr(layout, "cores", lambda: 2)
    monkeypatch.setattr(layout, "ONE_THREAD_BELOW", 0.0)
    with restore_threads():
        torch.set_num_threads(1)
        yield


def measured(fastest: Layout, threads: int) -> None:
    usual = TrainRate("resnet18", "fp32", "channels_last", 1, 100.0)
    rates_here().save([usual, TrainRate("resnet18", "fp32", fastest, threads, 200.0)])


def trained(folder: Path, stop_at: int | None = None) -> RunCostRecord | None:
    stop = Event()
    kept = RunFolder(folder)
    with restore_threads():
        for tick in pretrain(
            SPEC, training_data_of(40), kept, shares=(1.0,), device=CPU, stop=stop
        ):
            if tick.step == stop_at:
                stop.set()
    return kept.run_cost()


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the views of each step were channels_last."""
    channels_last: list[bool] = []

    def watched(views: list[Tensor], kind: Layout) -> list[Tensor]:
        out = to_memory_format(views, kind)
        channels_last.append(all(v.is_contiguous(memory_format=torch.channels_last) for v in out))
        return out

    monkeypatch.setattr("datayield.run.loop.member.to_memory_format", watched)
    return channels_last


def test_without_a_measurement_all_is_as_ever(tmp_path: Path, seen: list[bool]) -> None:
    record = trained(tmp_path / "run")
    assert record is not None
    assert (record.layout, record.threads, torch.get_num_threads()) == ("channels_last", 1, 1)
    assert all(seen)


def test_a_run_takes_the_fastest_way_and_records_it(tmp_path: Path, seen: list[bool]) -> None:
    measured("contiguous", 2)
    record = trained(tmp_path / "run")
    assert record is not None
    assert (record.layout, record.threads) == ("contiguous", 2)
    assert "(2 threads)" in record.device
    assert not any(seen)


def test_a_run_goes_on_as_it_began_with_the_same_bits(tmp_path: Path, seen: list[bool]) -> None:
    measured("contiguous", 2)
    whole = trained(tmp_path / "whole")
    with pytest.raises(InterruptedRunError):
        trained(tmp_path / "parts", stop_at=8)
    rates_here().path.unlink()
    continued = trained(tmp_path / "parts")
    assert whole is not None
    assert continued is not None
    assert continued.resumed == 1
    assert (continued.layout, continued.threads) == ("contiguous", 2)
    assert continued.weights == whole.weights
    assert not any(seen)


def test_what_the_user_says_of_threads_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured("contiguous", 2)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    record = trained(tmp_path / "run")
    assert record is not None
    assert (record.layout, record.threads) == ("channels_last", 1)
    measured("contiguous", 1)
    assert choose_settings(SPEC.encoder, "fp32", CPU)[:2] == ("contiguous", None)


def test_small_steps_take_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    flops = (flops_per_image(SPEC) or 0.0) * SPEC.batch
    measured("contiguous", 2)
    monkeypatch.setattr(layout, "ONE_THREAD_BELOW", flops)
    assert settings_of(SPEC, CPU)[:2] == ("contiguous", 2)
    monkeypatch.setattr(layout, "ONE_THREAD_BELOW", flops + 1)
    assert settings_of(SPEC, CPU)[:2] == ("channels_last", 1)
    assert settings_of(SPEC, torch.device("cuda")).threads is None
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert settings_of(SPEC, CPU).threads is None


def test_several_processes_and_a_gpu_are_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    measured("contiguous", 2)
    ever = CpuSettings("channels_last", None, "measured for one process on a CPU only")
    assert choose_settings(SPEC.encoder, "fp32", torch.device("cuda")) == ever
    monkeypatch.setattr(layout, "world_size", lambda: 2)
    assert choose_settings(SPEC.encoder, "fp32", CPU) == ever


def test_after_a_run_evaluations_have_their_threads(datayield: Call) -> None:
    measured("contiguous", 2)
    session = open_study("tiny.yaml")
    session.store.check_writable()
    task = next(task for task in session.plan().todo if task.share_left > 0)
    done = list(run_task(task, session.store, CPU, Event()))
    assert done
    spent = session.store.run(task.spec.id).run_cost()
    assert spent is not None
    assert (spent.layout, spent.threads) == ("contiguous", 2)
    assert torch.get_num_threads() == 1
