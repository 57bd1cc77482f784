"""A step never waits for the device: no value is read from it, no shape depends on one."""

from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from datayield import methods
from datayield.augment.views import make_views
from datayield.data.sampling.resident import Resident
from datayield.nets.encoder import EncoderSpec
from datayield.optim.build import build as build_optimizer
from datayield.run.loop import TrainingData, pretrain
from datayield.run.loop.step import train_step, update
from datayield.spec.run.method import METHOD_SPECS
from datayield.spec.run.run import RunSpec
from datayield.store.folders import RunFolder
from tests.run.loop.test_pretrain import spec_of

# Operators that make the host wait for a GPU: they read a value, or size their result by values.
WAITING = {
    "aten::_local_scalar_dense",
    "aten::item",
    "aten::is_nonzero",
    "aten::equal",
    "aten::nonzero",
    "aten::nonzero_numpy",
    "aten::masked_select",
    "aten::_unique2",
    "aten::unique_dim",
    "aten::unique_consecutive",
    "aten::bincount",
    "aten::repeat_interleave.Tensor",
}


class Watch(TorchDispatchMode):
    """Notes each operator: how many there were, and those that wait, by WAITING or a mask."""

    def __init__(self) -> None:
        super().__init__()
        self.seen, self.waits = 0, list[str]()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.seen += 1
        if func.name() in WAITING:
            self.waits.append(func.name())
        if func.name().startswith(("aten::index.", "aten::index_put", "aten::_index_put")):
            indices = [i for i in args[1] if i is not None]
            if any(i.dtype == torch.bool for i in indices):
                self.waits.append(f"{func.name()} by a mask")
        return func(*args, **(kwargs or {}))


def vit(method: str) -> RunSpec:
    encoder = EncoderSpec(name="vit_tiny", patch=8, size=16)
    return spec_of(method).model_copy(update={"encoder": encoder})


@pytest.mark.parametrize("t", [0.0, 0.1, 0.9])  # freezes, warm-ups and queues change with it
@pytest.mark.parametrize("method", sorted(METHOD_SPECS))
def test_no_method_waits(method: str, t: float) -> None:
    spec = spec_of(method)
    net = methods.build(spec)
    optimizer = build_optimizer(net, spec.optim)
    views = made_views(spec)
    train_step(net, optimizer, spec, views, (), t=t, lr=1e-3, stream=0)  # what is allocated once
    with Watch() as watch:
        train_step(net, optimizer, spec, views, (), t=t, lr=1e-3, stream=1)
    assert watch.seen > 0
    assert watch.waits == []


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "lars"])
def test_no_optimizer_waits(optimizer: str, precision: str) -> None:
    per = "parameter" if precision == "bf16" else "model"
    decays = {"weight_decay": 0.1, "weight_decay_end": 0.3}
    spec = spec_of(name=optimizer, clip=1.0, clip_per=per, **decays)
    spec = spec.model_copy(update={"precision": precision})
    net = methods.build(spec)
    made = build_optimizer(net, spec.optim)
    with Watch() as watch:
        for k in range(2):
            train_step(net, made, spec, made_views(spec), (), t=0.5, lr=1e-3, stream=k)
    assert watch.seen > 0
    assert watch.waits == []


@pytest.mark.parametrize("optimizer", ["adamw", "lars"])
def test_weight_decay_follows_the_cosine_of_dino(optimizer: str) -> None:
    """Its `cosine_scheduler` from .04 to .4, without warm-up; biases and norms are not decayed."""
    spec = spec_of(name=optimizer, weight_decay=0.04, weight_decay_end=0.4)
    net = methods.build(spec)
    made = build_optimizer(net, spec.optim)
    for i in (0, 1, 7, 19):
        update(net, made, spec, i / 20, 1e-3)
        want = 0.4 + 0.5 * (0.04 - 0.4) * (1 + np.cos(np.pi * i / 20))
        assert [group["weight_decay"] for group in made.param_groups] == pytest.approx([want, 0])


def test_a_constant_weight_decay_is_not_touched() -> None:
    spec = spec_of(weight_decay=0.04)
    net = methods.build(spec)
    made = build_optimizer(net, spec.optim)
    update(net, made, spec, 0.5, 1e-3)
    assert [group["weight_decay"] for group in made.param_groups] == [0.04, 0.0]


@pytest.mark.parametrize("method", ["simclr", "moco_v3", "simmim"])
def test_no_vit_waits(method: str) -> None:
    spec = vit(method)
    net = methods.build(spec)
    optimizer = build_optimizer(net, spec.optim)
    views = made_views(spec)
    with Watch() as watch:
        train_step(net, optimizer, spec, views, (), t=0.5, lr=1e-3, stream=0)
    assert watch.seen > 0
    assert watch.waits == []


@pytest.mark.parametrize(
    "wait",
    [
        lambda x: x.sum().item(),
        lambda x: bool(x.sum() > 0),
        lambda x: x[x > 0],
        lambda x: x.nonzero(),
    ],
)
def test_the_watch_sees_what_waits(wait: Any) -> None:
    with Watch() as watch:
        wait(torch.ones(3))
    assert watch.waits != []


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("method", sorted(METHOD_SPECS))
def test_gpu_no_step_of_the_loop_waits(method: str, tmp_path: Path) -> None:
    spec, device = spec_of(method), torch.device("cuda")
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)
    images = Resident(pixels, np.arange(40), device)
    net = methods.build(spec).to(device).to(memory_format=torch.channels_last)
    optimizer = build_optimizer(net, spec.optim)

    def step(k: int) -> None:
        views = make_views(images.batch(spec.seed, k, spec.batch), spec.views, spec.seed, k)
        train_step(net, optimizer, spec, views, (), t=0.9, lr=1e-3, stream=k)

    for k in range(3):
        step(k)
    torch.cuda.set_sync_debug_mode("error")  # raises where a step waits
    try:
        for k in range(3, 6):
            step(k)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    source = TrainingData(images, "data", "indices", 0)
    folder = RunFolder(tmp_path)
    ticks = list(pretrain(spec, source, folder, shares=(1.0,), device=device, stop=Event()))
    assert ticks[-1].step == spec.steps
    assert folder.has_checkpoint(1.0)


def made_views(spec: RunSpec) -> list[torch.Tensor]:
    return [
        torch.randn(spec.batch, 3, view.size, view.size)
        for view in spec.views
        for _ in range(view.count)
    ]
