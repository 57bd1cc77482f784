"""Attention of ViTs on a CPU under autocast: float32 inside, bfloat16 outside."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from datayield.nets import encoder as encoders
from datayield.nets.attention import cpu_attention
from datayield.spec.run.encoder import EncoderSpec

NETS = [
    EncoderSpec(name="vit_tiny", patch=8, size=16),
    EncoderSpec(name="vit_tiny", patch=8, size=16, pool="avg"),
    EncoderSpec(name="viny", patch=8, size=16),
]


class Kernels(TorchDispatchMode):
    """Which dtypes the fused attention was called with, forward and backward."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, torch.dtype]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if "flash_attention" in func.name():
            self.seen.append((func.name(), args[0].dtype))
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("spec", NETS, ids=str)
def test_attention_runs_in_float32_forward_and_backward(spec: EncoderSpec) -> None:
    net = encoders.build(spec, 0)
    with Kernels() as kernels:
        with torch.autocast("cpu", torch.bfloat16):
            out = net(torch.randn(2, 3, 16, 16))
        out.float().sum().backward()
    assert len(kernels.seen) == 24  # 12 layers, there and back
    assert {dtype for _, dtype in kernels.seen} == {torch.float32}


def test_it_is_nearer_to_float64_than_bfloat16_kernels_are() -> None:
    torch.manual_seed(0)
    q, k, v = (4 * torch.randn(2, 3, 17, 16) for _ in range(3))
    narrow = [x.bfloat16() for x in (q, k, v)]
    exact = F.scaled_dot_product_attention(*(x.double() for x in narrow))

    def attended(x: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16), cpu_attention(x):
            return F.scaled_dot_product_attention(*narrow)

    ours = attended(q)
    assert ours.dtype == torch.bfloat16
    error, least = (float((x.double() - exact).abs().mean()) for x in (ours, exact.bfloat16()))
    theirs = F.scaled_dot_product_attention(*narrow)
    assert error == pytest.approx(least, rel=0.01)
    assert error < float((theirs.double() - exact).abs().mean())


def test_without_autocast_nothing_changes() -> None:
    x = torch.randn(2, 3, 16, 16)
    net = encoders.build(NETS[0], 0)
    assert torch.equal(net(x), net.body(x))
