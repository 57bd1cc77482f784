"""Seconds per image of a training step, on random pixels, within a few seconds."""

import sys
import time
from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch

from datayield import methods
from datayield.data.sampling import Resident
from datayield.optim.build import build as build_optimizer
from datayield.run.device import keep_freed_memory
from datayield.run.loop import (
    Meter,
    TrainingData,
    apply_settings,
    batches,
    compile_loss,
    restore_threads,
    settings_of,
    steps_ahead,
    to_memory_format,
    train_step,
)
from datayield.spec.run import RunSpec

FIRST_BATCH = 16  # images of the steps that tell how large a batch can be timed
FEWEST, MOST = 3, 40  # steps that are timed


def seconds_per_image(spec: RunSpec, device: torch.device, seconds: float) -> float:
    """Median time of a whole training step, divided by the batch; takes about `seconds`.

    Where three steps of the run's batch would take longer, a smaller batch is timed.
    """
    with restore_threads():
        batch = spec.batch
        if batch > 2 * FIRST_BATCH:
            first = _step_seconds(_small(spec, FIRST_BATCH), device, 0.0)[-1] / FIRST_BATCH
            fitting = int(seconds / (FEWEST + 1) / first)
            batch = min(batch, max(FIRST_BATCH, fitting))
        times = _step_seconds(_small(spec, batch), device, seconds)
    return float(np.median(times[1:])) / batch  # the first step warms up


def _small(spec: RunSpec, batch: int) -> RunSpec:
    return spec.model_copy(update={"batch": batch})


def _step_seconds(spec: RunSpec, device: torch.device, seconds: float) -> list[float]:
    """Times of a step: two at least, a few more if there is time."""
    (step, together), times = stepper(spec, device), list[float]()
    began = time.perf_counter()
    fewest = FEWEST if seconds else 2
    while len(times) < fewest or (time.perf_counter() - began < seconds and len(times) < MOST):
        before = time.perf_counter()
        step()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append((time.perf_counter() - before) / together)
    return times


class Stepper(NamedTuple):
    """`take` makes `steps` training steps like the loop's, those whose views are made together."""

    take: Callable[[], None]
    steps: int


def stepper(spec: RunSpec, device: torch.device, compiled: bool = False) -> Stepper:
    """Training steps from pixels to weights, on random pixels, by `torch.compile` or plain.

    In the middle of the budget and at a learning rate of 0. Leaves the process with the number of
    threads that runs use.
    """
    if device.type == "cpu":
        keep_freed_memory()
    n = 2 * spec.batch
    side = spec.data.size
    pixels = np.random.default_rng(0).integers(0, 256, (n, side, side, 3), dtype=np.uint8)
    labels = torch.zeros(n, dtype=torch.long, device=device) if spec.label else None
    data = TrainingData(Resident(pixels, np.arange(n), device), "", "", 0, labels)
    method = methods.build(spec).to(device)
    settings = settings_of(spec, device)
    apply_settings(method, settings.layout, settings.threads)
    if compiled:
        compile_loss(method)
    optimizer = build_optimizer(method, spec.optim)
    whole, together = slice(0, spec.batch), steps_ahead(spec, spec.batch, device)
    ready = enumerate(batches(data, spec, whole, 0, sys.maxsize, device, Meter()))

    def take() -> None:
        for k, (views, targets) in islice(ready, together):
            views = to_memory_format(views, settings.layout)
            train_step(method, optimizer, spec, views, targets, t=0.5, lr=0.0, stream=k)

    return Stepper(take, together)
