"""Schedules: factors as functions of t, the fraction of the budget spent; never of epochs."""

import math
from typing import Literal

WSD_DECAY = 0.2  # fraction of the budget over which `wsd` decays (10 to 20% in arXiv 2404.06395)


def rate(
    t: float,
    schedule: Literal["cosine", "constant", "wsd", "step"],
    warmup: float,
    final: float,
    milestones: tuple[float, ...] = (),
    gamma: float = 0.1,
    decay: float = WSD_DECAY,
) -> float:
    """Factor on the learning rate at fraction `t` of the budget, in [0, 1].

    All schedules rise linearly from 0 at t = 0 to 1 at t = `warmup`. Then `cosine` falls on half a
    cosine to `final` at t = 1 (Loshchilov and Hutter 2017, arXiv 1608.03983, equation 5),
    `constant` stays at 1, `step` is multiplied by `gamma` at each of `milestones`, and `wsd`
    (warm-up, stable, decay) stays at 1 and falls linearly to `final` over the last `decay`. A
    training step spans a range of t; its middle, (step + 1/2) / steps, avoids a first step with
    rate zero. Raises ValueError for t outside [0, 1] or an unknown schedule.
    """
    if not 0 <= t <= 1:
        raise ValueError(f"t is a share of the budget, in [0, 1], got {t}")
    if t < warmup:
        return t / warmup
    if schedule == "constant":
        return 1.0
    if schedule == "step":
        return float(gamma ** sum(t >= milestone for milestone in milestones))
    if schedule == "cosine":
        progress = (t - warmup) / (1 - warmup)
        return final + (1 - final) * (1 + math.cos(math.pi * progress)) / 2
    if schedule == "wsd":
        start = max(warmup, 1 - decay)
        return 1 - (1 - final) * max(0.0, t - start) / (1 - start)
    raise ValueError(f"unknown schedule {schedule!r}: cosine, constant, wsd or step")


def branch_rate(
    step: int, trunk: int, leaves: int, steps: int, warmup: float, final: float
) -> float:
    """Factor at `step` of a run of `steps` that leaves a trunk of `trunk` steps at `leaves`.

    Up to there it depends only on the trunk, of which `warmup` is a fraction: it is bit-identical
    for runs of any length still on the trunk. Then it falls linearly to `final` at the end. Taken
    at the middle of the step, like `rate`; branching as in Haegele et al. 2024 (arXiv 2405.18392).
    """
    if step < leaves:
        return rate((step + 0.5) / trunk, "constant", warmup, final)
    return rate((step + 0.5 - leaves) / (steps - leaves), "wsd", 0.0, final, decay=1.0)


def ramp(t: float, start: float, end: float) -> float:
    """From `start` at t = 0 to `end` at t = 1 on half a cosine, flat at both ends.

    With end = 1, the momentum schedule of Grill et al. 2020 (BYOL, arXiv 2006.07733,
    section 3.2). Raises ValueError for t outside [0, 1].
    """
    if not 0 <= t <= 1:
        raise ValueError(f"t is a share of the budget, in [0, 1], got {t}")
    return end - (end - start) * (1 + math.cos(math.pi * t)) / 2


def linear(t: float, start: float, end: float, until: float) -> float:
    """Linear from `start` at t = 0 to `end` at t = `until`, then constant.

    With until = 0 it is `end` throughout. Raises ValueError for t outside [0, 1].
    """
    if not 0 <= t <= 1:
        raise ValueError(f"t is a share of the budget, in [0, 1], got {t}")
    return end if t >= until else start + (end - start) * t / until
