"""One training step on finished views, shared by the loop, plans and benchmarks.

It never synchronises with the device: no tensor value is read, and no shape depends on one.
"""

import numpy as np
import torch
from torch import Tensor

from datayield.maths.schedules import WSD_DECAY, branch_rate, ramp, rate
from datayield.methods import Loss, Method, drawn
from datayield.nets.distributed import average_gradients
from datayield.optim.build import set_decay, set_rate
from datayield.optim.clip import clip_gradients
from datayield.spec.run import RunSpec


def train_step(
    method: Method,
    optimizer: torch.optim.Optimizer,
    spec: RunSpec,
    views: list[Tensor],
    targets: tuple[Tensor, ...],
    *,
    t: float,
    lr: float,
    stream: int,
) -> Loss:
    """Update the weights on the views of one batch, at fraction `t` of the budget.

    Returns the loss before the update, still on the device. `stream` seeds what layers sample.
    """
    device = views[0].device.type
    seed_layers(stream, device)
    with torch.autocast(device, torch.bfloat16, enabled=spec.precision == "bf16"):
        loss: Loss = method(views, t, *targets, *drawn(method, views))
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss.total)
    average_gradients(method.parameters())
    update(method, optimizer, spec, t, lr)
    return loss


def update(
    method: Method, optimizer: torch.optim.Optimizer, spec: RunSpec, t: float, lr: float
) -> None:
    """Move the weights along their gradients, and what follows them."""
    o = spec.optim
    if o.clip is not None:
        clip_gradients(method.parameters(), o.clip, o.clip_per or "model")
    if o.weight_decay_end is not None:
        set_decay(optimizer, ramp(t, o.weight_decay, o.weight_decay_end))
    set_rate(optimizer, lr)
    optimizer.step()
    method.after_step(t)


def seed_layers(stream: int, device: str) -> None:
    """Seed the generators that layers sample from, of the CPU and of the `device` in use.

    `torch.manual_seed` also asks every other kind of device, which takes 0.1 ms.
    """
    torch.default_generator.manual_seed(stream)
    if device == "cuda":
        torch.cuda.manual_seed(stream)


def stream_at(seed: int, step: int) -> int:
    """The seed for what layers sample (dropout, stochastic depth) at this step."""
    return int(np.random.SeedSequence((seed, step, 0xD50)).generate_state(1, np.uint64)[0] >> 1)


def rate_at(spec: RunSpec, step: int) -> float:
    """The learning rate of a step: the schedule at its middle, so that no step has rate 0."""
    o = spec.optim
    if o.trunk is not None:
        whole, leaves = spec.trunk_steps, spec.shared_steps
        return o.lr * branch_rate(step, whole, leaves, spec.steps, o.warmup, o.final)
    t = (step + 0.5) / spec.steps
    decay = WSD_DECAY if o.decay is None else o.decay
    return o.lr * rate(t, o.schedule, o.warmup, o.final, o.milestones, o.gamma, decay)
