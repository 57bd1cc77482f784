"""A stack that does not fit in memory: it is halved, and nothing fails."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from unittest.mock import patch

import pytest
import torch

from datayield.run.beside import train_in_memory
from datayield.run.failures import out_of_memory
from datayield.run.loop import Member, Tick
from datayield.run.loop.stack import StackedNetwork
from datayield.spec.errors import TrainingError
from datayield.spec.run import RunSpec
from datayield.store.folders import RunFolder
from tests.run.loop.test_stack import huge, members, three, weights

GPU = torch.OutOfMemoryError("CUDA out of memory")
CPU = RuntimeError("[enforce fail at alloc_cpu.cpp:115] DefaultCPUAllocator: can't allocate memory")


def four() -> list[RunSpec]:
    specs = three("barlow_twins", images=16 * 6)
    return [*specs, specs[0].model_copy(update={"seed": 11})]


def trained(runs: list[Member], most: int, error: Exception, at: int = 0) -> list[Tick | str]:
    """Train where more than `most` runs at once fail at their step `at`."""
    steps, losses = [0], StackedNetwork.losses

    def limited(self: StackedNetwork, *arguments: object) -> object:
        steps[0] += 1
        if len(self.methods) > most and steps[0] > at:
            raise error
        return losses(self, *arguments)  # type: ignore[arg-type]

    stack = tuple(run.spec.id for run in runs)
    with patch.object(StackedNetwork, "losses", limited):
        return list(train_in_memory(runs, stack, Event(), 60.0))


@pytest.mark.parametrize("error", [GPU, CPU], ids=["gpu", "cpu"])
@pytest.mark.parametrize("at", [0, 3])
def test_a_stack_without_enough_memory_is_trained_in_halves(
    error: Exception, at: int, tmp_path: Path
) -> None:
    specs = four()
    said = trained(members(specs, tmp_path / "a"), 2, error, at)
    notes = [each for each in said if isinstance(each, str)]
    assert len(notes) == 1
    assert "4 runs at once do not fit in memory; trying 2" in notes[0]
    for half in (specs[:2], specs[2:]):
        trained(members(half, tmp_path / "b"), 4, error)
        for spec in half:
            record = RunFolder(tmp_path / "a" / spec.id).run_cost()
            assert record is not None
            assert record.stacked == 2
            assert weights(spec, tmp_path / "a") == weights(spec, tmp_path / "b")


def test_and_one_after_another_where_two_do_not_fit(tmp_path: Path) -> None:
    specs = four()
    notes = [each for each in trained(members(specs, tmp_path), 1, GPU) if isinstance(each, str)]
    assert len(notes) == 3
    records = [RunFolder(tmp_path / spec.id).run_cost() for spec in specs]
    assert [record.stacked for record in records if record] == [1, 1, 1, 1]


def test_one_of_another_half_that_diverges_fails_by_itself(tmp_path: Path) -> None:
    specs = four()
    specs[2] = specs[2].model_copy(update={"optim": huge(specs[2])})
    runs = members(specs, tmp_path)
    trained(runs, 2, GPU)
    assert isinstance(runs[2].error, TrainingError)
    finished = [RunFolder(tmp_path / spec.id).has_run_cost() for spec in specs]
    assert finished == [True, True, False, True]


def test_what_is_no_lack_of_memory_ends_the_stack(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="a mistake"):
        trained(members(four(), tmp_path), 2, RuntimeError("a mistake"))


def errors() -> Iterator[Exception]:
    yield from (GPU, CPU, MemoryError(), RuntimeError("CUDA error: out of memory"))


def test_a_lack_of_memory_is_known_by_its_names() -> None:
    assert all(out_of_memory(error) for error in errors())
    assert not out_of_memory(RuntimeError("shapes differ"))
