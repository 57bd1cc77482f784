"""What processes exchange, against the same computed by one."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from datayield.nets import distributed as gather
from datayield.nets.distributed import (
    anywhere,
    average_gradients,
    gathered,
    mine,
    rank,
    told,
    world,
)
from tests.pair import both


def whole() -> tuple[Tensor, Tensor]:
    noise = torch.Generator().manual_seed(0)
    x = torch.randn(3, 8, 5, generator=noise, dtype=torch.float64)
    return x, torch.randn(5, 5, generator=noise, dtype=torch.float64)


def contrast(z: Tensor) -> Tensor:
    """A scalar in which every sample meets every other."""
    similar = torch.einsum("vbd,wcd->vwbc", z, z)
    return similar.logsumexp(dim=-1).mean()


def alone() -> tuple[Tensor, Tensor, Tensor]:
    x, w = whole()
    x.requires_grad_(True)
    w.requires_grad_(True)
    z = (x @ w).tanh()
    loss = contrast(z @ w)
    loss.backward()
    assert x.grad is not None
    assert w.grad is not None
    return loss.detach(), x.grad, w.grad


def together() -> dict[str, Any]:
    x, w = whole()
    part = x[:, mine(8)].clone().requires_grad_(True)
    weight = nn.Parameter(w)
    everyone = gathered((part @ weight).tanh(), dim=1)
    loss = contrast(everyone @ weight)  # the weight acts before and after the exchange
    loss.backward()
    average_gradients([weight, nn.Parameter(torch.zeros(2))])  # the second has no gradient
    assert part.grad is not None
    return {
        "place": (world(), rank(), mine(8).start, mine(8).stop),
        "loss": loss.detach(),
        "gathered": everyone.detach(),
        "dx": part.grad / world(),  # as if averaged: what weights behind it would get
        "dw": weight.grad,
        "widened": gathered(torch.full((2,), float(rank())).bfloat16(), dim=0),
        "anywhere": [anywhere(rank() == 1), anywhere(False), anywhere(True)],
        "told": told(f"I am {rank()}"),
        "refused": _refusal(),
    }


def _refusal() -> str:
    with pytest.raises(ValueError, match="evenly") as caught:
        mine(7)
    return str(caught.value)


def test_two_processes_have_the_loss_and_the_gradients_of_one() -> None:
    loss, dx, dw = alone()
    first, second = both(together)
    assert first["place"] == (2, 0, 0, 4)
    assert second["place"] == (2, 1, 4, 8)
    x, w = whole()
    for one in (first, second):
        torch.testing.assert_close(one["loss"], loss, rtol=1e-14, atol=0)
        torch.testing.assert_close(one["gathered"], (x @ w).tanh(), rtol=1e-14, atol=1e-15)
        torch.testing.assert_close(one["dw"], dw, rtol=1e-12, atol=1e-15)
    torch.testing.assert_close(
        torch.cat([first["dx"], second["dx"]], dim=1), dx, rtol=1e-12, atol=1e-15
    )


def test_what_else_they_tell_each_other() -> None:
    for one in both(together):
        assert one["widened"].dtype == torch.float32
        assert one["widened"].tolist() == [0, 0, 1, 1]
        assert one["anywhere"] == [True, False, True]
        assert one["told"] == ["I am 0", "I am 1"]
        assert one["refused"].startswith("a batch of 7 is not divisible by 2")


def test_one_process_exchanges_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(gather.dist, "all_reduce")
    monkeypatch.delattr(gather.dist, "all_gather")
    x = torch.ones(3, dtype=torch.bfloat16)
    assert gathered(x, dim=0) is x
    assert (world(), rank(), mine(7)) == (1, 0, slice(0, 7))
    weight = nn.Parameter(x)
    weight.grad = x.clone()
    average_gradients([weight])
    assert torch.equal(weight.grad, x)
    assert not anywhere(False)
    assert told("alone") == ["alone"]
