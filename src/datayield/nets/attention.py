"""Attention on a CPU under bfloat16 autocast: in float32, where torch's kernel is fast."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode


def cpu_attention(x: Tensor) -> AbstractContextManager[object]:
    """A context for the forward pass of images `x`, in which attention uses its fastest kernel.

    On a CPU the backward pass of torch's fused attention is slower in bfloat16 than in float32:
    on one AMD core with torch 2.14, 5 times at 17 tokens, 3 at 65, 1.3 at 257. Queries, keys and
    values are therefore multiplied in float32 there, which only increases precision. Other CPUs and
    torch versions were not measured; a no-op on other devices.
    """
    slow = x.device.type == "cpu" and torch.is_autocast_enabled("cpu")
    return _Float32Attention() if slow else nullcontext()


class _Float32Attention(TorchFunctionMode):
    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func is not F.scaled_dot_product_attention:
            return func(*args, **kwargs)
        q, k, v, *rest = args
        with torch.autocast("cpu", enabled=False):
            return func(q.float(), k.float(), v.float(), *rest, **kwargs).to(q.dtype)
