"""Several processes train one model with the same result as one: gather, average, agree.

Every process computes the same loss on the gathered batch, and `gathered` sums its gradient over
the processes. So each holds the gradient of the sum of W equal losses with respect to its own copy
of the weights, and the mean over the processes is exactly the gradient of one loss, also through
layers that exchange statistics. Without a process group, all functions are no-ops.
"""

from collections.abc import Iterable
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn

from datayield.maths.precision import widened


def world_size() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Which of them this one is, from 0."""
    return dist.get_rank() if world_size() > 1 else 0


def local_slice(n: int) -> slice:
    """This process's part of a global batch of `n`; parts lie in the order of ranks.

    Raises ValueError where `n` is not divisible by their number.
    """
    if n % world_size():
        raise ValueError(f"a batch of {n} is not divisible by {world_size()} processes")
    part = n // world_size()
    return slice(rank() * part, (rank() + 1) * part)


def gathered(x: Tensor, dim: int) -> Tensor:
    """The `x` of all processes, of one shape, joined along `dim` in the order of ranks.

    In float32 or better, and differentiable (see above). `x` itself with one process.
    """
    return x if world_size() == 1 else cast("Tensor", _Gathered.apply(widened(x), dim))


class _Gathered(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int) -> Tensor:
        ctx.dim, ctx.length = dim, x.shape[dim]
        x = x.contiguous()
        parts = [torch.empty_like(x) for _ in range(world_size())]
        dist.all_gather(parts, x)
        return torch.cat(parts, dim)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        total = grads[0].clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total.narrow(ctx.dim, rank() * ctx.length, ctx.length), None


@torch.no_grad()
def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace each gradient by its mean over the processes, in one exchange per dtype."""
    if world_size() == 1:
        return
    grads = [p.grad for p in parameters if p.grad is not None]
    for dtype in dict.fromkeys(grad.dtype for grad in grads):
        alike = [grad for grad in grads if grad.dtype == dtype]
        flat = torch.cat([grad.reshape(-1) for grad in alike])
        dist.all_reduce(flat)
        flat /= world_size()
        means = torch.split(flat, [grad.numel() for grad in alike])
        for grad, mean in zip(alike, means, strict=True):
            grad.copy_(mean.view(grad.shape))


def any_process(flag: bool) -> bool:
    """Whether `flag` is set in any process; all of them get the same answer."""
    if world_size() == 1:
        return flag
    count = torch.tensor(int(flag))  # on the CPU: no GPU synchronisation
    dist.all_reduce(count)
    return bool(count)


def all_gather_text(text: str) -> list[str]:
    """The `text` of every process, in the order of ranks."""
    if world_size() == 1:
        return [text]
    texts: list[str] = [""] * world_size()
    dist.all_gather_object(texts, text)
    return texts
