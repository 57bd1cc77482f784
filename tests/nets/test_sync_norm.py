"""BatchNorm over two processes against torch's over the whole batch."""

import copy
from typing import Any

import pytest
import torch
from timm.layers import BatchNormAct2d, FrozenBatchNormAct2d
from torch import Tensor, nn

from datayield.nets.distributed import average_gradients, gathered, local_slice
from datayield.nets.sync_norm import SyncNorm, synchronised
from datayield.spec.errors import ConfigError
from tests.pair import both

KINDS = ["1d", "2d", "plain", "cumulative", "untracked", "act", "prelu"]


def layer(kind: str) -> nn.Module:
    made: dict[str, nn.Module] = {
        "1d": nn.BatchNorm1d(5, eps=1e-3, momentum=0.3),
        "2d": nn.BatchNorm2d(5),
        "plain": nn.BatchNorm2d(5, affine=False),
        "cumulative": nn.BatchNorm2d(5, momentum=None),
        "untracked": nn.BatchNorm2d(5, track_running_stats=False),
        "act": BatchNormAct2d(5, act_layer=nn.SiLU),
        "prelu": BatchNormAct2d(5, act_layer=nn.PReLU, inplace=False),
    }
    chosen = made[kind]
    noise = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in chosen.parameters():
            parameter.copy_(torch.rand(parameter.shape, generator=noise) + 0.5)
    return chosen


def pixels(kind: str, step: int) -> Tensor:
    """Parts of quite different mean and spread, so that local statistics would be wrong."""
    noise = torch.Generator().manual_seed(step)
    x = torch.randn((8, 5) if kind == "1d" else (8, 5, 3, 4), generator=noise, dtype=torch.float64)
    x[4:] = 3 * x[4:] + 2
    return x.requires_grad_(True)


def passed(kind: str) -> dict[str, Any]:
    """Two training steps and one of evaluation; this process's part of all of it."""
    net = synchronised(nn.Sequential(layer(kind))).double()
    parts: dict[str, Any] = {"keys": list(net.state_dict()), "type": type(net[0]).__name__}
    outs = []
    for step in range(2):
        net.zero_grad()
        whole = pixels(kind, step)
        x = whole[local_slice(8)].detach().requires_grad_(True)
        out = net(x)
        gathered(out, dim=0).pow(3).mean().backward()
        average_gradients(net.parameters())
        assert x.grad is not None
        outs += [out.detach(), x.grad / (8 // len(x))]
    net.eval()
    outs.append(net(pixels(kind, 2)[local_slice(8)]).detach())
    parts["outs"] = outs
    parts["state"] = {key: value.clone() for key, value in net.state_dict().items()}
    parts["gradients"] = [p.grad for p in net.parameters()]
    return parts


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_torchs_of_the_whole_batch(kind: str) -> None:
    alone = passed(kind)
    pair = both(passed, kind)
    assert alone["type"] != "SyncNorm"
    for one in pair:
        assert one["type"] == "SyncNorm"
        assert one["keys"] == alone["keys"]
        torch.testing.assert_close(one["state"], alone["state"], rtol=1e-12, atol=1e-13)
        torch.testing.assert_close(one["gradients"], alone["gradients"], rtol=1e-12, atol=1e-13)
    steps = alone["outs"] if kind != "untracked" else alone["outs"][:-1]  # eval: local statistics
    for i, whole in enumerate(steps):
        joined = torch.cat([one["outs"][i] for one in pair])
        torch.testing.assert_close(joined, whole, rtol=1e-12, atol=1e-13)


def bfloat() -> list[Tensor]:
    net = synchronised(nn.Sequential(nn.BatchNorm2d(5)))
    x = (pixels("2d", 0).detach()[local_slice(8)] + 30).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = net(x)
    return [out, *net[0].buffers()]


def test_under_autocast_its_statistics_are_float32() -> None:
    x = (pixels("2d", 0).detach() + 30).bfloat16()
    exact = nn.BatchNorm2d(5)
    want = exact(x.float())
    pair = both(bfloat)
    out = torch.cat([one[0] for one in pair])
    assert out.dtype == torch.bfloat16
    torch.testing.assert_close(out.float(), want, rtol=2**-7, atol=2**-7)
    for one in pair:
        torch.testing.assert_close(one[1], exact.running_mean, rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(one[2], exact.running_var, rtol=1e-5, atol=1e-6)


def replaced() -> dict[str, Any]:
    shared = nn.BatchNorm1d(3)
    net = nn.Sequential(shared, nn.ReLU(), nn.Sequential(shared), FrozenBatchNormAct2d(4))
    keys = list(net.state_dict())
    parameters = [id(p) for p in net.parameters()]
    again = copy.deepcopy(synchronised(net))
    try:
        synchronised(nn.Sequential(Unknown(3)))
        refused = ""
    except ConfigError as error:
        refused = error.text()
    return {
        "keys": list(net.state_dict()) == keys,
        "parameters": [id(p) for p in net.parameters()] == parameters,
        "shared": isinstance(net[0], SyncNorm) and net[0] is net[2][0],
        "copied": isinstance(again[0], SyncNorm) and again[0].weight is not shared.weight,
        "frozen": type(net[3]) is FrozenBatchNormAct2d,
        "refused": "Unknown" in refused and "encoder.name" in refused,
    }


class Unknown(nn.BatchNorm1d):
    """Who knows what it does with its statistics."""


def test_a_tree_keeps_names_parameters_and_sharing_and_unknown_norms_are_refused() -> None:
    for one in both(replaced):
        assert one == dict.fromkeys(one, True)


def test_one_process_keeps_its_batchnorms() -> None:
    net = nn.Sequential(nn.BatchNorm1d(3), Unknown(3))
    layers = list(net)
    assert synchronised(net) is net
    assert all(a is b for a, b in zip(net, layers, strict=True))
