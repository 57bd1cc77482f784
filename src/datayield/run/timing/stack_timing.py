"""How many runs of one shape to train as one network (`--stack auto`), by a few steps of each."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import numpy as np
import torch

from datayield import methods
from datayield.data.sampling import Resident
from datayield.optim.build import build as build_optimizer
from datayield.run.loop import (
    Meter,
    StackShape,
    TrainingData,
    apply_settings,
    batches,
    restore_threads,
    settings_of,
    shape_of,
    steps_ahead,
)
from datayield.run.loop.stack import StackedNetwork, stacked_step
from datayield.run.timing.step_timing import Stepper, stepper
from datayield.spec.run import RunSpec, flops_per_image
from datayield.store.plan import Plan

COUNTS = (4, 8, 16)  # tried in turn, as long as each pays over the one before
PAYS = 1.2  # times as fast
SECONDS = 2.0  # of steps, for each count
FEWEST_STEPS = 50_000  # of all runs of a shape: minutes, where measuring takes seconds
CPU_FLOPS = 5e7  # of a step: an eighth of a ConvNet of width 16 at 16 px with a batch of 32
MANY = 10**6


@dataclass
class _Run:
    spec: RunSpec
    method: methods.Method
    optimizer: torch.optim.Optimizer


def stack_of(plan: Plan, device: torch.device, say: Callable[[str], None]) -> int:
    """The number of runs to stack, by measuring the shape with the most runs.

    1 without measuring where the steps are too few to win the time back, and on a CPU where
    arithmetic takes the time and not its calls (`benchmarks/stack.py`).
    """
    shapes: dict[StackShape, list[RunSpec]] = {}
    for task in plan.todo:
        if isinstance(task.spec, RunSpec) and task.share_left > 0 and task.part is None:
            shapes.setdefault(shape_of(task.spec), []).append(task.spec)
    runs = max(shapes.values(), key=len, default=[])
    if len(runs) * (runs[0].steps if runs else 0) < FEWEST_STEPS or not _small(runs[0], device):
        return 1
    best, fastest = 1, stack_seconds(runs[0], 1, device, SECONDS)
    alone = fastest
    for k in COUNTS:
        seconds = stack_seconds(runs[0], k, device, SECONDS) if k <= len(runs) else fastest
        if fastest < PAYS * seconds:
            break
        best, fastest = k, seconds
    if best > 1:
        say(f"stack  {best} runs of one shape at once, {alone / fastest:.1f} times as fast")
    return best


def _small(spec: RunSpec, device: torch.device) -> bool:
    flops = flops_per_image(spec)
    return device.type != "cpu" or (flops is not None and flops * spec.batch < CPU_FLOPS)


def stack_seconds(spec: RunSpec, k: int, device: torch.device, seconds: float) -> float:
    """Median seconds per step and run of `k` runs of the shape of `spec`, on random pixels."""
    with restore_threads():
        take, steps = stepper(spec, device) if k == 1 else stacked_stepper(spec, k, device)
        times: list[float] = []
        began = time.perf_counter()
        while len(times) < 3 or time.perf_counter() - began < seconds:
            before = time.perf_counter()
            take()
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            times.append(time.perf_counter() - before)
    return float(np.median(times[1:])) / steps / k


def stacked_stepper(spec: RunSpec, k: int, device: torch.device) -> Stepper:
    """Training steps of `k` runs of the shape of `spec` as one network, on random pixels.

    `steps` are those of each run. Leaves the process with the number of threads that runs use.
    """
    rng = np.random.default_rng(0)
    n, side = 2 * spec.batch, spec.data.size
    pixels = rng.integers(0, 256, (n, side, side, 3), dtype=np.uint8)
    labels = torch.zeros(n, dtype=torch.long, device=device) if spec.label else None
    data = TrainingData(Resident(pixels, np.arange(n), device), "", "", 0, labels)
    specs = [spec.model_copy(update={"seed": seed}) for seed in range(k)]
    made = [methods.build(each).to(device) for each in specs]
    network = StackedNetwork(made)
    for method in made:
        apply_settings(method, "contiguous", settings_of(spec, device).threads)
    runs = [
        _Run(each, method, build_optimizer(method, each.optim))
        for each, method in zip(specs, made, strict=True)
    ]
    whole = slice(0, spec.batch)
    ready = [batches(data, each, whole, 0, MANY, device, Meter()) for each in specs]
    number, steps = count(), steps_ahead(spec, spec.batch, device)

    def take() -> None:
        for _ in range(steps):
            stacked_step(network, runs, [next(each) for each in ready], next(number))

    return Stepper(take, steps)
