"""Build an optimizer from an OptimSpec, and set its learning rate and weight decay."""

from typing import Any, cast

import torch
from torch import nn

from datayield.optim.groups import groups
from datayield.optim.lars import LARS
from datayield.spec.run import OptimSpec


def build(module: nn.Module, spec: OptimSpec) -> torch.optim.Optimizer:
    """The optimizer of `spec` over the trainable parameters of `module`, on their current device.

    Build it after the module is on its device. Schedule and clipping are done by the loop. Adam,
    AdamW and SGD run as one fused kernel per group; LARS uses foreach kernels.
    """
    params = cast(list[dict[str, Any]], groups(module, spec.weight_decay, spec.bias_lr))
    for group in params:
        group["lr"] = spec.lr * group["factor"]
    if spec.name == "lars":
        return LARS(params, spec.lr, spec.momentum, eta=spec.eta, clip=spec.trust_clip)
    for group in params:  # only LARS makes a difference beyond weight decay
        del group["plain"]
    if spec.name == "sgd":
        sgd = torch.optim.SGD(params, spec.lr, spec.momentum, fused=True)
        if spec.momentum:
            # The fused kernel cannot initialise the momentum of a weight whose first gradient
            # comes later, as for prototypes: all start at zero, which is bit-identical.
            for group in sgd.param_groups:
                for weight in group["params"]:
                    sgd.state[weight]["momentum_buffer"] = torch.zeros_like(weight)
        return sgd
    if spec.name == "adam":
        return torch.optim.Adam(params, spec.lr, spec.betas, fused=True)
    return torch.optim.AdamW(params, spec.lr, spec.betas, fused=True)


def set_decay(optimizer: torch.optim.Optimizer, weight_decay: float) -> None:
    """Make the next step of `optimizer` decay what it decays by `weight_decay`."""
    for group in optimizer.param_groups:
        if group["weight_decay"]:
            group["weight_decay"] = weight_decay


def set_rate(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Make the next step of `optimizer` use `lr`, times the factor of each group."""
    for group in optimizer.param_groups:
        group["lr"] = lr * group["factor"]
