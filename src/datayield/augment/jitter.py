"""The four operations of colour jitter in an order drawn for each sample.

As torchvision's ColorJitter, which draws one of the 24 orders per call and so per image. At each of
the four turns the samples are grouped by the operation that they are due: at most sixteen passes
over a quarter of the batch, which is the arithmetic of four passes over all of it.
"""

from itertools import permutations

import torch
from torch import Tensor

from datayield.augment.colour import brightness_, contrast_, hue, saturation_
from datayield.maths.to_device import to_device

OPERATIONS = (brightness_, contrast_, saturation_, hue)
NEUTRAL = (1.0, 1.0, 1.0, 0.0)  # the factor of each that changes nothing
ORDERS = torch.tensor([*permutations(range(4))])  # [24, 4]: the operation at each turn


def draw_orders(uniform: Tensor) -> Tensor:
    """Rows of `ORDERS`, as floats, uniform among the 24, from `uniform` [B] in [0, 1)."""
    return (uniform * len(ORDERS)).floor_().clamp_(max=len(ORDERS) - 1)


def jitter_(view: Tensor, factors: Tensor, on: Tensor, orders: Tensor) -> None:
    """Overwrite `view`, a contiguous float [B, 3, H, W] in [0, 1], by its jittered samples.

    `factors` [4, B] in the order of `OPERATIONS`, on the CPU, and `on`, the same on the device of
    `view`; `orders` [B] on the CPU, rows of `ORDERS`. Neutral factors are skipped. Who is changed
    is decided on the CPU and sent in one copy, so nothing waits for the device.
    """
    applied = factors != torch.tensor(NEUTRAL)[:, None]
    turns = ORDERS[orders.long()]  # [B, 4]
    groups = [
        (operation, ((turns[:, turn] == operation) & applied[operation]).nonzero().flatten())
        for turn in range(len(OPERATIONS))
        for operation in range(len(OPERATIONS))
    ]
    everyone = to_device(torch.cat([samples for _, samples in groups]), view.device)
    parts = torch.split(everyone, [len(samples) for _, samples in groups])
    for (operation, _), at in zip(groups, parts, strict=True):
        if len(at):
            changed = OPERATIONS[operation](view.index_select(0, at), on[operation][at])
            view.index_copy_(0, at, changed)
