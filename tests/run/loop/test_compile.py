"""Compiled encoders: the same weights and names, one graph per shape, recorded with the run."""

import os
from functools import partial
from pathlib import Path

import pytest
import torch

from datayield import methods
from datayield.optim.build import build as build_optimizer
from datayield.run.loop.compile import compile_encoders
from datayield.run.loop.step import train_step
from datayield.spec.run.encoder import EncoderSpec
from datayield.store.folders import RunFolder
from tests.run.loop.test_pretrain import spec_of, train
from tests.run.loop.test_step import made_views


@pytest.mark.parametrize("method", ["simclr", "byol", "dino", "simmim"])
def test_graphs_of_the_same_operators_give_the_same_bits(method: str) -> None:
    torch.set_num_threads(1)
    spec = spec_of(method)
    views = made_views(spec)
    ends = []
    for compiled in (False, True):
        torch._dynamo.reset()
        net = methods.build(spec)
        if compiled:
            compile_encoders(net, backend="eager")  # captured, then run operator by operator
        optimizer = build_optimizer(net, spec.optim)
        for k in range(4):
            if k == 2:
                torch._dynamo.utils.counters.clear()
            train_step(net, optimizer, spec, views, (), t=0.25 * k, lr=1e-3, stream=k)
        assert torch._dynamo.utils.counters["stats"].get("unique_graphs", 0) == 0, "compiled again"
        ends.append(net.state_dict())
    assert ends[0].keys() == ends[1].keys()
    assert all(torch.equal(ends[0][key], ends[1][key]) for key in ends[0])


@pytest.mark.skipif("DATAYIELD_TEST_INDUCTOR" not in os.environ, reason="compiles for minutes")
def test_inductor_agrees_within_tolerance() -> None:
    spec = spec_of("simclr")
    views = made_views(spec)
    losses = []
    for compiled in (False, True):
        net = methods.build(spec)
        if compiled:
            compile_encoders(net)
        optimizer = build_optimizer(net, spec.optim)
        for k in range(5):
            loss = train_step(net, optimizer, spec, views, (), t=0.5, lr=1e-3, stream=k)
        losses.append(float(loss.total))
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)


def test_the_record_says_whether_it_was_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    eager = partial(compile_encoders, backend="eager")
    monkeypatch.setattr("datayield.run.loop.member.compile_encoders", eager)
    train(spec_of(images=64), tmp_path / "plain")
    monkeypatch.setenv("DATAYIELD_COMPILE", "1")
    train(spec_of(images=64), tmp_path / "asked")
    train(spec_of("simmim", images=64), tmp_path / "left")
    spent = [RunFolder(tmp_path / name).run_cost() for name in ("plain", "asked", "left")]
    assert [record.compiled for record in spent if record] == [False, True, False]


def test_a_vit_under_bfloat16_compiles() -> None:
    torch._dynamo.reset()
    spec = spec_of("simclr").model_copy(
        update={"encoder": EncoderSpec(name="viny", patch=8, size=16), "precision": "bf16"}
    )
    net = methods.build(spec)
    compile_encoders(net, backend="eager")
    optimizer = build_optimizer(net, spec.optim)
    loss = train_step(net, optimizer, spec, made_views(spec), (), t=0.5, lr=1e-3, stream=0)
    assert bool(loss.total.isfinite())
