"""Compiled losses: the same weights and names, one graph per shape and phase, recorded."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import torch
from functorch.compile import make_boxed_func, nop
from torch._dynamo.backends.common import aot_autograd
from tqdm import tqdm

from datayield import methods
from datayield.optim.build import build as build_optimizer
from datayield.run.loop import pretrain
from datayield.run.loop.compile import Backend, compile_loss, compiler_problem
from datayield.run.loop.step import train_step
from datayield.spec.errors import InterruptedRunError
from datayield.spec.run.encoder import EncoderSpec
from datayield.spec.run.run import RunSpec
from datayield.store.folders import RunFolder
from tests.run.loop.test_pretrain import CPU, spec_of, train, training_data_of
from tests.run.loop.test_step import made_views

VIT = EncoderSpec(name="viny", patch=8, size=16)


@pytest.fixture(autouse=True)
def _nothing_compiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No graph of another test, and the settings of the compiler as they were."""
    monkeypatch.setenv("DATAYIELD_CACHE", str(tmp_path / "cache"))
    for name in ("TORCHINDUCTOR_CACHE_DIR", "TORCHINDUCTOR_COMPILE_THREADS"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
        monkeypatch.delenv(name)
    monkeypatch.setattr(tqdm, "monitor_interval", 0)  # its thread would never end
    torch.set_num_threads(1)
    torch._dynamo.reset()
    compiler_problem.cache_clear()
    yield
    torch._dynamo.reset()
    compiler_problem.cache_clear()


def steps(spec: RunSpec, backend: Backend | None, count: int = 5) -> dict[str, torch.Tensor]:
    """The state after `count` steps over the whole budget."""
    torch.manual_seed(0)
    net, views = methods.build(spec), made_views(spec)
    if backend is not None:
        assert compile_loss(net, backend) is not None
    optimizer = build_optimizer(net, spec.optim)
    for k in range(count):
        train_step(net, optimizer, spec, views, (), t=k / count, lr=1e-3, stream=k)
    return net.state_dict()


@pytest.mark.parametrize(("method", "phases"), [("byol", 1), ("swav", 3)])
def test_a_graph_of_the_same_operators_gives_the_same_bits(method: str, phases: int) -> None:
    spec = spec_of(method)
    graphs: list[object] = []

    def kept(graph: torch.fx.GraphModule, inputs: object) -> Callable[..., Any]:
        graphs.append(graph)  # captured, then run operator by operator
        return graph.forward

    plain = steps(spec, None)
    for _ in range(2):  # the second run of a shape compiles nothing
        compiled = steps(spec, kept)
        assert len(graphs) == 1 + phases  # with the compiler's own trial
        assert plain.keys() == compiled.keys()
        assert all(torch.equal(plain[key], compiled[key]) for key in plain)


def test_a_run_continues_as_it_began(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    eager = partial(compile_loss, backend="eager")
    monkeypatch.setattr("datayield.run.loop.member.compile_loss", eager)
    spec, compiled = spec_of(images=96), {}
    for name, began, resumed in (("plain", "0", "1"), ("compiled", "1", "0")):
        monkeypatch.setenv("DATAYIELD_COMPILE", began)
        stop_soon(spec, tmp_path / name)
        monkeypatch.setenv("DATAYIELD_COMPILE", resumed)
        train(spec, tmp_path / name)
        record = RunFolder(tmp_path / name).run_cost()
        assert record is not None
        compiled[name] = record.compiled
    assert compiled == {"plain": False, "compiled": True}


def stop_soon(spec: RunSpec, folder: Path) -> None:
    stop, data = Event(), training_data_of(40)
    loop = pretrain(spec, data, RunFolder(folder), shares=(1.0,), device=CPU, stop=stop)
    with pytest.raises(InterruptedRunError):  # noqa: PT012 - stops inside
        for _ in loop:
            stop.set()


def test_where_the_compiler_fails_the_loss_is_plain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(graph: torch.fx.GraphModule, inputs: object) -> Callable[..., Any]:
        if len(list(graph.graph.nodes)) > 5:  # not the compiler's own trial
            raise OSError("no space left")
        return graph.forward

    plain = steps(spec_of("byol"), None)
    compiled = steps(spec_of("byol"), failing)
    assert all(torch.equal(plain[key], compiled[key]) for key in plain)
    monkeypatch.setattr(
        "datayield.run.loop.member.compile_loss", partial(compile_loss, backend=failing)
    )
    monkeypatch.setenv("DATAYIELD_COMPILE", "1")
    train(spec_of(images=64), tmp_path)
    record = RunFolder(tmp_path).run_cost()
    assert record is not None
    assert not record.compiled


def test_an_error_of_the_method_is_its_own() -> None:
    spec = spec_of("simclr")
    net = methods.build(spec)
    compiled = compile_loss(net, "eager")
    assert compiled is not None
    with pytest.raises(RuntimeError, match="channels"):
        net([torch.randn(4, 2, 16, 16)] * 2, 0.0)


def test_without_a_compiler_nothing_is_tried_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    nets = [methods.build(spec_of(method)) for method in ("simclr", "vicreg")]
    compiled = [compile_loss(net) for net in nets]
    assert all("C++" in each.problem for each in compiled if each)
    assert compiler_problem.cache_info().misses == 1
    assert bool(nets[0](made_views(spec_of()), 0.0).total.isfinite())


def test_a_graph_with_wrong_gradients_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(graph: torch.fx.GraphModule, inputs: object) -> Callable[..., Any]:
        def backward(*args: Any) -> list[Any]:
            return [None if grad is None else 1.3 * grad for grad in graph(*args)]

        return make_boxed_func(backward)

    backend = aot_autograd(fw_compiler=nop, bw_compiler=wrong)
    monkeypatch.setattr(
        "datayield.run.loop.member.compile_loss", partial(compile_loss, backend=backend)
    )
    for name, switch in (("plain", "0"), ("wrong", "1")):
        monkeypatch.setenv("DATAYIELD_COMPILE", switch)
        train(spec_of("moco_v3", images=64), tmp_path / name)
    plain, other = (RunFolder(tmp_path / name).run_cost() for name in ("plain", "wrong"))
    assert plain is not None
    assert other is not None
    assert not other.compiled
    assert other.weights == plain.weights
    net = methods.build(spec_of("byol"))
    compiled = compile_loss(net, backend)
    net(made_views(spec_of()), 0.0)
    assert compiled is not None
    assert compiled.problem == "its gradients differ by 0.3 of their norm from the plain ones"


@pytest.mark.parametrize(("method", "precision"), [("swav", "fp32"), ("byol", "bf16")])
def test_the_check_leaves_no_trace(
    method: str, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = spec_of(method).model_copy(update={"precision": precision})
    checked = steps(spec, "aot_eager")
    monkeypatch.setattr("datayield.run.loop.compile.disagreement", lambda *_: "")
    unchecked = steps(spec, "aot_eager")
    assert all(torch.equal(checked[key], unchecked[key]) for key in unchecked)


@pytest.mark.skipif("DATAYIELD_TEST_INDUCTOR" not in os.environ, reason="compiles for a minute")
def test_inductor_is_not_used_where_its_gradients_are_wrong() -> None:
    spec = spec_of("dino")  # wrong with many prototypes, right with 32
    own = spec.method.model_copy(update={"prototypes": 4096})
    net = methods.build(spec.model_copy(update={"method": own}))
    compiled = compile_loss(net)
    net([view[:4] for view in made_views(spec)], 0.5)
    assert compiled is not None
    assert "gradients differ" in compiled.problem


def test_a_vit_stays_plain_where_patches_are_hidden() -> None:
    spec = spec_of("simmim").model_copy(update={"encoder": VIT})
    assert compile_loss(methods.build(spec), "eager") is None


def test_a_vit_under_bfloat16_compiles() -> None:
    spec = spec_of("simclr").model_copy(update={"encoder": VIT, "precision": "bf16"})
    net = methods.build(spec)
    compiled = compile_loss(net, "eager")
    optimizer = build_optimizer(net, spec.optim)
    loss = train_step(net, optimizer, spec, made_views(spec), (), t=0.5, lr=1e-3, stream=0)
    assert bool(loss.total.isfinite())
    assert compiled is not None
    assert not compiled.problem


@pytest.mark.skipif("DATAYIELD_TEST_INDUCTOR" not in os.environ, reason="compiles for a minute")
def test_inductor_agrees_within_tolerance() -> None:
    plain, compiled = steps(spec_of("simclr"), None), steps(spec_of("simclr"), "inductor")
    for key, value in plain.items():
        torch.testing.assert_close(compiled[key], value, rtol=1e-3, atol=1e-4)
