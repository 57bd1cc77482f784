from typing import Any

import pytest
import torch
from torch import nn

from datayield.optim.build import build, set_rate
from datayield.optim.lars import LARS
from datayield.spec.run.optim import OptimSpec

KNOBS: dict[str, dict[str, Any]] = {
    "adamw": {"betas": (0.8, 0.95)},
    "adam": {"betas": (0.8, 0.95)},
    "sgd": {"momentum": 0.8},
    "lars": {"momentum": 0.8, "eta": 0.5},
}


def spec(name: Any, **more: Any) -> OptimSpec:
    return OptimSpec(name=name, lr=0.1, weight_decay=0.01, **KNOBS[name], **more)


def module() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 2))


@pytest.mark.parametrize(
    ("name", "kind", "values"),
    [
        ("adamw", torch.optim.AdamW, {"lr": 0.1, "betas": (0.8, 0.95)}),
        ("adam", torch.optim.Adam, {"lr": 0.1, "betas": (0.8, 0.95), "fused": True}),
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


@pytest.mark.parametrize("name", list(KNOBS))
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


@pytest.mark.parametrize("name", list(KNOBS))
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


REFERENCES: dict[str, Any] = {
    "adamw": lambda groups: torch.optim.AdamW(groups, 0.1, (0.8, 0.95)),
    "adam": lambda groups: torch.optim.Adam(groups, 0.1, (0.8, 0.95)),
    "sgd": lambda groups: torch.optim.SGD(groups, 0.1, 0.8),
}


@pytest.mark.parametrize("bias_lr", [1.0, 0.25])
@pytest.mark.parametrize("name", list(REFERENCES))
def test_equals_torchs_unfused_optimizer_in_float64(name: str, bias_lr: float) -> None:
    """Weights decayed, biases and norms neither decayed nor at the same rate."""
    ours, theirs = module().double(), module().double()
    mine = build(ours, spec(name, bias_lr=bias_lr))
    weights = [p for p in theirs.parameters() if p.ndim > 1]
    plain = [p for p in theirs.parameters() if p.ndim == 1]
    reference = REFERENCES[name](
        [{"params": weights, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}]
    )
    for factor in (0.1, 1.0, 0.5, 0.25):
        x = torch.randn(8, 4, dtype=torch.float64)
        set_rate(mine, factor * 0.1)
        for group, share in zip(reference.param_groups, (1.0, bias_lr), strict=True):
            group["lr"] = factor * 0.1 * share
        for net, optimizer in ((ours, mine), (theirs, reference)):
            optimizer.zero_grad()
            net(x).square().sum().backward()
            optimizer.step()
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        # The bias before the norm has a gradient of rounding noise, which Adam makes larger.
        torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-9)


def test_adam_adds_decay_to_the_gradient_where_adamw_takes_it_from_the_weight() -> None:
    net = module().double()
    before = net[0].weight.detach().clone()
    optimizer = build(net, OptimSpec(name="adam", lr=0.1, weight_decay=0.1))
    for p in net.parameters():
        p.grad = torch.zeros_like(p)
    optimizer.step()  # a first step of Adam is lr times the sign of the gradient, here of the decay
    torch.testing.assert_close(
        net[0].weight.detach(), before - 0.1 * before.sign(), atol=1e-5, rtol=0
    )


@pytest.mark.parametrize("trust_clip", [True, False])
def test_lars_as_specified_weight_by_weight(trust_clip: bool) -> None:
    """A first step, in float64: the trust ratio for weights, bias_lr for the rest."""
    net = module().double()
    before = [p.detach().clone() for p in net.parameters()]
    optimizer = build(net, spec("lars", bias_lr=0.024, trust_clip=trust_clip))
    set_rate(optimizer, 0.05)
    net(torch.randn(8, 4, dtype=torch.float64)).square().sum().backward()
    optimizer.step()
    for p, w in zip(net.parameters(), before, strict=True):
        assert p.grad is not None
        if p.ndim > 1:
            ratio = 0.5 * w.norm() / (p.grad.norm() + 0.01 * w.norm())
            if trust_clip:
                ratio = min(float(ratio) / 0.05, 1.0)
            want = w - 0.05 * ratio * (p.grad + 0.01 * w)
        else:
            want = w - 0.05 * 0.024 * p.grad
        torch.testing.assert_close(p.detach(), want, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("scale", [0.01, 1.0, 30.0])
def test_a_loss_c_times_ours_is_ours_with_lr_times_c_and_decay_over_c(scale: float) -> None:
    """The conversion in spec/recipes/cifar.yaml, for capped LARS; `scale` crosses the cap."""
    ends = []
    for c, lr, decay in ((2.0, 0.05, 1e-2), (1.0, 0.1, 5e-3)):
        net = module().double()
        optimizer = build(net, OptimSpec(name="lars", lr=lr, weight_decay=decay))
        generator = torch.Generator().manual_seed(0)
        for step in range(5):
            x = scale * torch.randn(8, 4, generator=generator, dtype=torch.float64)
            set_rate(optimizer, lr * (1 - step / 5))
            optimizer.zero_grad()
            (c * net(x).square().sum()).backward()
            optimizer.step()
        ends.append([p.detach() for p in net.parameters()])
    for a, b in zip(*ends, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)
