"""A compiled loss compared with the plain one, on the views of the step that is about to be taken.

A compiler may be wrong without an error: inductor (torch 2.14) has DINO's loss right and its
gradients wrong with 4,096 prototypes. Limits follow what was measured for ConvNets of width 4 on
8 px: in float32 right gradients differ by at most 2.4e-6 of their norm, and DINO's by 0.07 to 0.3.
In bfloat16 right ones
differ by 0.005 to 0.04, depending on step and method, which is at most 0.45 times what bfloat16
itself changes (0.01 to 0.2), and DINO's by 1.8 to 30 times.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from datayield.methods import Loss

LIMIT = 1e-3  # of a norm, or of the loss: between 2.4e-6 and 0.07
SMALL = 0.1  # of the whole norm: what a parameter's own counts as, at least

Pass = tuple[Tensor, list[Tensor]]  # a loss and the gradient of each parameter


class Mismatch(NamedTuple):
    """Of loss and gradients from others, relative to these: of all parameters, and the worst."""

    loss: float
    gradients: float
    worst: float


def disagreement(
    module: nn.Module,
    plain: Callable[..., Loss],
    compiled: Callable[..., Loss],
    args: tuple[Any, ...],
    device: torch.device,
) -> str:
    """How the `compiled` loss of `module` differs from the `plain` one; empty if they agree.

    Limits are LIMIT and, under autocast, how far the plain loss is from that in float32. Leaves
    gradients, buffers and generators as they were.
    """

    def passes(loss: Callable[..., Loss]) -> Pass:
        return _passes(module, loss, args, device)

    reference = passes(plain)
    allowed = Mismatch(LIMIT, LIMIT, LIMIT)
    if torch.is_autocast_enabled(device.type):
        with torch.autocast(device.type, enabled=False):
            exact = _difference(passes(plain), reference)
        allowed = Mismatch(*map(max, allowed, exact))
    differ = _difference(passes(compiled), reference)
    if not all(one <= most for one, most in zip(differ[1:], allowed[1:], strict=True)):
        return f"its gradients differ by {max(differ[1:]):.2g} of their norm from the plain ones"
    if not differ.loss <= allowed.loss:
        return f"its loss differs by {differ.loss:.2g} of its value from the plain one"
    return ""


def _passes(
    module: nn.Module, loss: Callable[..., Loss], args: tuple[Any, ...], device: torch.device
) -> Pass:
    parameters = [p for p in module.parameters() if p.requires_grad]
    with _restored(module, device):
        total = loss(*args).total
        with torch.autocast(device.type, enabled=False):  # as in a step
            found = torch.autograd.grad(total, parameters, allow_unused=True)
    grads = [
        torch.zeros_like(p) if grad is None else grad
        for p, grad in zip(parameters, found, strict=True)
    ]
    return total.detach(), grads


@contextmanager
def _restored(module: nn.Module, device: torch.device) -> Iterator[None]:
    """What a forward pass moves (statistics, queues, centres, generators) is put back."""
    kept = [(buffer, buffer.clone()) for buffer in module.buffers()]
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        try:
            yield
        finally:
            torch.clear_autocast_cache()  # of weights, with the graph of this pass
            with torch.no_grad():
                for buffer, value in kept:
                    buffer.copy_(value)


def _difference(one: Pass, other: Pass) -> Mismatch:
    (loss, grads), (plain_loss, plain_grads) = one, other
    tiny = torch.finfo(torch.float64).tiny
    differ = _norms([a.double() - b.double() for a, b in zip(grads, plain_grads, strict=True)])
    norms = _norms(plain_grads)
    whole = norms.norm().clamp(min=tiny)
    return Mismatch(
        float((loss.double() - plain_loss).abs() / plain_loss.abs().double().clamp(min=tiny)),
        float(differ.norm() / whole),
        float((differ / torch.maximum(norms, SMALL * whole)).max()),
    )


def _norms(tensors: list[Tensor]) -> Tensor:
    return torch.stack([tensor.double().norm() for tensor in tensors])
