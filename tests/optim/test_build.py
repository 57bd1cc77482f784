from typing import Any

import pytest
import torch
from torch import nn

from datayield.optim.build import build, set_rate
from datayield.optim.lars import LARS
from datayield.spec.run import OptimSpec


def spec(name: Any) -> OptimSpec:
    return OptimSpec(name=name, lr=0.1, weight_decay=0.01, momentum=0.8, betas=(0.8, 0.95), eta=0.5)


def module() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 2))


@pytest.mark.parametrize(
    ("name", "kind", "values"),
    [
        ("adamw", torch.optim.AdamW, {"lr": 0.1, "betas": (0.8, 0.95)}),
        ("sgd", torch.optim.SGD, {"lr": 0.1, "momentum": 0.8, "nesterov": False}),
        ("lars", LARS, {"lr": 0.1, "momentum": 0.8, "eta": 0.5, "clip": True}),
    ],
)
def test_the_spec_arrives(name: str, kind: type, values: dict[str, object]) -> None:
    optimizer = build(module(), spec(name))
    assert type(optimizer) is kind
    decays = [group["weight_decay"] for group in optimizer.param_groups]
    assert decays == [0.01, 0.0]
    for group in optimizer.param_groups:
        assert {key: group[key] for key in values} == values
    assert ("plain" in optimizer.param_groups[0]) == (name == "lars")


@pytest.mark.parametrize("name", ["adamw", "sgd", "lars"])
def test_the_rate_that_is_set_is_the_rate_that_runs(name: str) -> None:
    net = module()
    optimizer = build(net, spec(name))
    before = [p.detach().clone() for p in net.parameters()]
    net(torch.randn(8, 4)).square().sum().backward()
    set_rate(optimizer, 0.0)
    optimizer.step()
    assert all(torch.equal(p, old) for p, old in zip(net.parameters(), before, strict=True))
    set_rate(optimizer, 0.2)
    optimizer.step()
    assert all(not torch.equal(p, old) for p, old in zip(net.parameters(), before, strict=True))


def test_adamw_decays_weights_alone() -> None:
    net = module()
    optimizer = build(net, spec("adamw"))
    before = {name: p.detach().clone() for name, p in net.named_parameters()}
    for p in net.parameters():
        p.grad = torch.zeros_like(p)
    optimizer.step()
    for name, p in net.named_parameters():
        factor = 1 - 0.1 * 0.01 if p.ndim > 1 else 1.0
        torch.testing.assert_close(p.detach(), before[name] * factor)


@pytest.mark.parametrize("name", ["adamw", "sgd", "lars"])
def test_a_weight_may_get_its_first_gradient_later(name: str) -> None:
    net = module()
    optimizer = build(net, spec(name))
    before = [p.detach().clone() for p in net[2].parameters()]
    for moves in (False, False, True):
        optimizer.zero_grad()
        out = net[:2](torch.randn(8, 4))
        (net[2](out) if moves else out).square().sum().backward()
        assert all(torch.equal(p, b) for p, b in zip(net[2].parameters(), before, strict=True))
        optimizer.step()
    assert all(not torch.equal(p, b) for p, b in zip(net[2].parameters(), before, strict=True))


@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_sgd_is_torchs_own(momentum: float) -> None:
    ours, theirs = module(), module()
    mine = build(ours, OptimSpec(name="sgd", lr=0.1, momentum=momentum))
    plain = torch.optim.SGD(theirs.parameters(), 0.1, momentum, fused=True)
    for _ in range(3):
        x = torch.randn(8, 4)
        for net, optimizer in ((ours, mine), (theirs, plain)):
            optimizer.zero_grad()
            net(x).square().sum().backward()
            optimizer.step()
    assert all(
        torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True)
    )
