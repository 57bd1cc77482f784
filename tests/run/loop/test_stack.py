"""Runs trained as one network: what each would have become alone, and nothing of the others."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any
from unittest.mock import patch

import pytest
import torch
from torch import Tensor

from datayield.augment.views import make_views_of_steps
from datayield.methods import build as build_method
from datayield.run.loop import Member, Tick, shape_of
from datayield.run.loop import train as train_runs
from datayield.spec.errors import InterruptedRunError, TrainingError
from datayield.spec.run.method import METHOD_SPECS
from datayield.spec.run.run import RunSpec
from datayield.store.folders import RunFolder
from tests.run.loop.test_pretrain import CPU, SMALL, spec_of, training_data_of

METHODS = [name for name in METHOD_SPECS if name != "supervised"]


@contextmanager
def everything_in(dtype: torch.dtype) -> Iterator[None]:
    def build(spec: RunSpec, weights: Any = None) -> Any:
        return build_method(spec, weights).to(dtype)

    def views(*arguments: Any) -> list[list[Tensor]]:
        return [[view.to(dtype) for view in step] for step in make_views_of_steps(*arguments)]

    with (
        patch("datayield.run.loop.member.methods.build", build),
        patch("datayield.run.loop.batches.make_views_of_steps", views),
    ):
        yield


def members(specs: list[RunSpec], folder: Path) -> list[Member]:
    torch.set_num_threads(1)
    return [
        Member(spec, training_data_of(n), RunFolder(folder / spec.id), (1.0,), CPU)
        for spec in specs
        if (n := spec.data.count)
    ]


def trained(specs: list[RunSpec], folder: Path, stop: Event | None = None) -> list[Tick]:
    return list(train_runs(members(specs, folder), stop or Event()))


def weights(spec: RunSpec, folder: Path) -> str:
    record = RunFolder(folder / spec.id).run_cost()
    assert record is not None
    return record.weights


def three(method: str, images: int = 16 * 50) -> list[RunSpec]:
    """Of one shape: other seeds, images, learning rates, and weights of the loss."""
    one = spec_of(method, images=images).model_copy(update={"batch": 16})
    two = one.model_copy(update={"seed": 4, "optim": one.optim.model_copy(update={"lr": 3e-3})})
    knobs: dict[str, Any] = {"temperature": 0.3} if hasattr(one.method, "temperature") else {}
    knobs |= {"beta": 0.02} if hasattr(one.method, "beta") else {}
    knobs |= {"sigreg": 0.1} if hasattr(one.method, "sigreg") else {}
    knobs |= {"variance": 7.0} if hasattr(one.method, "variance") else {}
    fewer = one.data.model_copy(update={"count": 24})
    other = one.method.model_copy(update=knobs)
    return [one, two, one.model_copy(update={"data": fewer, "method": other})]


def equal_to_runs_alone(specs: list[RunSpec], folder: Path) -> list[Member]:
    """The runs, trained together in float64; each ends with the weights and loss of it alone."""
    with everything_in(torch.float64):
        together = members(specs, folder / "together")
        list(train_runs(together, Event()))
        for spec, run in zip(specs, together, strict=True):
            (alone,) = members([spec], folder / "alone")
            list(train_runs([alone], Event()))
            ours, theirs = run.method.state_dict(), alone.method.state_dict()
            assert ours.keys() == theirs.keys()
            for name, tensor in theirs.items():
                assert torch.allclose(ours[name], tensor, rtol=0, atol=1e-9), name
            assert run.last_loss == pytest.approx(alone.last_loss, abs=1e-9)
    return together


@pytest.mark.parametrize("method", METHODS)
def test_after_ten_steps_each_is_what_it_would_be_alone(method: str, tmp_path: Path) -> None:
    assert set(SMALL) <= set(METHODS)
    specs = three(method, images=16 * 10)  # four times through the images
    assert len({shape_of(spec) for spec in specs}) == 1
    together = equal_to_runs_alone(specs, tmp_path)
    assert len({run.last_loss for run in together}) == 3


HEADS: dict[str, dict[str, Any]] = {
    "dino": {"norm_over": "apart", "prototypes_init": "uniform"},
    "swav": {"norm_over": "apart", "bias": True},
    "byol": {"bias": True},
}
DECAYS = {"weight_decay": 0.04, "weight_decay_end": 0.4, "clip": 0.1, "clip_per": "parameter"}


@pytest.mark.parametrize("method", list(HEADS))
def test_heads_decays_and_clipping_of_their_own_are_those_of_a_run_alone(
    method: str, tmp_path: Path
) -> None:
    """Heads decide which operations there are, so they are of the shape; optimizers are not."""
    one, two, _ = three(method, images=16 * 6)
    plain = shape_of(one)
    head = {"method": one.method.model_copy(update=HEADS[method])}
    other = {"optim": one.optim.model_copy(update=DECAYS)}
    specs = [one.model_copy(update={**head, **other}), two.model_copy(update=head)]
    assert shape_of(specs[0]) == shape_of(specs[1]) != plain
    equal_to_runs_alone(specs, tmp_path)


def test_each_records_its_share_of_the_time_and_that_it_was_stacked(tmp_path: Path) -> None:
    specs = three("simclr")
    ticks = trained(specs, tmp_path)
    records = [RunFolder(tmp_path / spec.id).run_cost() for spec in specs]
    assert all(record is not None and record.stacked == 3 for record in records)
    seconds = [record.seconds for record in records if record]
    assert max(seconds) == pytest.approx(min(seconds))
    assert ticks[-1].images_per_second == pytest.approx(3 * 800 / sum(seconds), rel=0.3)
    for spec in specs:
        folder = RunFolder(tmp_path / spec.id)
        assert folder.has_checkpoint(1.0)
        assert not folder.state.exists()
        assert len(folder.log.read_text().splitlines()) > 10


def test_one_that_diverges_leaves_the_others_as_they_would_have_been(tmp_path: Path) -> None:
    sane = three("barlow_twins", images=16 * 20)
    wild = [sane[0], sane[1].model_copy(update={"optim": huge(sane[1])}), sane[2]]
    trained(sane, tmp_path / "sane")
    runs = members(wild, tmp_path / "wild")
    list(train_runs(runs, Event()))
    assert isinstance(runs[1].error, TrainingError)
    assert not RunFolder(tmp_path / "wild" / wild[1].id).has_run_cost()
    for at in (0, 2):
        assert weights(wild[at], tmp_path / "wild") == weights(sane[at], tmp_path / "sane")


def test_the_first_may_diverge_too(tmp_path: Path) -> None:
    specs = three("barlow_twins", images=16 * 20)
    specs[0] = specs[0].model_copy(update={"optim": huge(specs[0])})
    with pytest.raises(TrainingError, match="the loss is"):
        trained(specs, tmp_path)
    assert all(RunFolder(tmp_path / spec.id).has_run_cost() for spec in specs[1:])


def huge(spec: RunSpec) -> Any:
    return spec.optim.model_copy(update={"lr": 1e30, "warmup": 0.0})


@pytest.mark.parametrize("method", ["dino", "swav", "simmim"])
def test_stopped_and_resumed_they_end_with_the_same_bits(method: str, tmp_path: Path) -> None:
    specs = three(method, images=16 * 24)
    trained(specs, tmp_path / "straight")
    stop = Event()
    loop = train_runs(members(specs, tmp_path / "halting"), stop)
    for _ in range(7):
        next(loop)
    stop.set()
    with pytest.raises(InterruptedRunError):
        list(loop)
    steps = {RunFolder(tmp_path / "halting" / spec.id).progress() for spec in specs}
    assert len(steps) == 1
    trained(specs, tmp_path / "halting")
    for spec in specs:
        assert weights(spec, tmp_path / "halting") == weights(spec, tmp_path / "straight")


@pytest.mark.parametrize("method", METHODS)
def test_in_bfloat16_the_losses_agree_within_its_rounding(method: str, tmp_path: Path) -> None:
    specs = [spec.model_copy(update={"precision": "bf16"}) for spec in three(method, images=16 * 4)]
    together = members(specs, tmp_path / "together")
    list(train_runs(together, Event()))
    for spec, run in zip(specs, together, strict=True):
        (alone,) = members([spec], tmp_path / "alone")
        list(train_runs([alone], Event()))
        assert run.last_loss == pytest.approx(alone.last_loss, rel=0.05)


def halted(runs: list[Member], ticks: int, stack: tuple[str, ...]) -> None:
    stop = Event()
    loop = train_runs(runs, stop, stack=stack)
    for _ in range(ticks):
        next(loop)
    stop.set()
    with pytest.raises(InterruptedRunError):
        list(loop)


@pytest.mark.parametrize("method", ["barlow_twins", "byol", "simclr"])
def test_at_different_steps_after_a_kill_each_ends_with_the_bits_of_the_whole_stack(
    method: str, tmp_path: Path
) -> None:
    specs = three(method, images=16 * 14)
    trained(specs, tmp_path / "straight")
    stack, killed = tuple(spec.id for spec in specs), tmp_path / "killed"
    halted(members(specs, killed), 5, stack)
    halted(members(specs[1:2], killed), 3, stack)  # one saved once more
    list(train_runs(members([specs[2], *specs[:2]], killed), Event(), stack=stack))
    assert not RunFolder(killed / specs[1].id).has_run_cost()  # at another step, so left as it is
    list(train_runs(members(specs[1:2], killed), Event(), stack=stack))
    for spec in specs:
        assert weights(spec, killed) == weights(spec, tmp_path / "straight")
        record = RunFolder(killed / spec.id).run_cost()
        assert record is not None
        assert record.stacked == 3


def test_stopped_after_one_diverged_the_others_end_with_the_same_bits(tmp_path: Path) -> None:
    sane = three("barlow_twins", images=16 * 20)
    trained(sane, tmp_path / "sane")
    wild = [sane[0], sane[1].model_copy(update={"optim": huge(sane[1])}), sane[2]]
    stack, folder = tuple(spec.id for spec in wild), tmp_path / "wild"
    runs = members(wild, folder)
    halted(runs, 10, stack)
    assert isinstance(runs[1].error, TrainingError)
    again = members(wild, folder)
    list(train_runs(again, Event(), stack=stack))
    assert [RunFolder(folder / spec.id).has_run_cost() for spec in wild] == [True, False, True]
    for at in (0, 2):
        assert weights(wild[at], folder) == weights(sane[at], tmp_path / "sane")


def test_the_first_states_say_who_is_stacked_with_whom(tmp_path: Path) -> None:
    specs = three("simclr")
    next(train_runs(members(specs, tmp_path), Event()))
    for spec in specs:
        progress = RunFolder(tmp_path / spec.id).progress()
        assert progress is not None
        assert (progress.step, progress.stack) == (0, tuple(each.id for each in specs))


def test_files_of_a_stacked_run_hold_nothing_of_the_others(tmp_path: Path) -> None:
    specs = three("simclr", images=16 * 4)
    trained(specs, tmp_path / "together")
    trained(specs[:1], tmp_path / "alone")
    together, alone = (
        (tmp_path / where / specs[0].id / "checkpoints" / "1.000000.pt").stat().st_size
        for where in ("together", "alone")
    )
    assert together == pytest.approx(alone, rel=0.05)


@pytest.mark.parametrize(
    "change",
    [
        {"batch": 8},
        {"precision": "bf16"},
        {"optim": {"name": "sgd", "lr": 0.1}},
        {"views": [{"size": 16, "count": 3}]},
        {"method": {"name": "simclr", "projector": [16, 4]}},
        {"method": {"name": "vicreg"}},
        {"encoder": {"name": "convnet", "size": 16, "width": 8}},
        {"budget": {"unit": "images", "amount": 1600}},
    ],
    ids=str,
)
def test_what_changes_the_shape_is_not_stacked(change: dict[str, Any]) -> None:
    spec = spec_of()
    raw = spec.model_dump(mode="json", exclude_none=True) | change
    assert shape_of(RunSpec.model_validate(raw, strict=False)) != shape_of(spec)


def test_a_number_that_decides_what_is_computed_is_part_of_the_shape() -> None:
    spec = spec_of("swav")
    later = spec.method.model_copy(update={"freeze": 0.5})
    assert shape_of(spec.model_copy(update={"method": later})) != shape_of(spec)
    assert not math.isnan(spec.optim.lr)
