"""Gradients made shorter: the norm of all of them together, or of each parameter's own."""

from collections.abc import Iterable
from typing import Literal

import torch
from torch import nn

EPS = 1e-6  # beside a norm, as in torch.nn.utils and in DINO


def clip_gradients(
    parameters: Iterable[nn.Parameter], norm: float, per: Literal["model", "parameter"]
) -> None:
    """Scale gradients in place so that no norm exceeds `norm` > 0; nothing synchronises.

    Per `model`: the norm of all gradients as one vector. Per `parameter`: each one's own, as in
    DINO (facebookresearch/dino, utils.clip_gradients).
    """
    if per == "model":
        torch.nn.utils.clip_grad_norm_(parameters, norm)
        return
    slopes = [p.grad for p in parameters if p.grad is not None]
    if slopes:
        factors = (norm / (torch.stack(torch._foreach_norm(slopes)) + EPS)).clamp(max=1)
        torch._foreach_mul_(slopes, factors.unbind())
