"""The pretraining loop: it reads top to bottom, with rare events before the step.

Step k is a pure function of (weights and optimizer after step k - 1, seed, k): batch, views and
dropout are drawn from (seed, k), so a run that was killed and resumed is bit-identical on a CPU.
Several processes (`nets.distributed`) each take a part of the batch and make the same step. Several
runs of one shape may make their steps together (`run.loop.stack`).
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor

from datayield.nets.distributed import any_process
from datayield.run.device import keep_freed_memory
from datayield.run.loop.batches import TrainingData
from datayield.run.loop.member import Member
from datayield.run.loop.stack import StackedNetwork, stacked_step
from datayield.run.loop.step import rate_at, stream_at, train_step
from datayield.spec.errors import InterruptedRunError, TrainingError
from datayield.spec.run import RunSpec
from datayield.store.folders import RunFolder


class Tick(NamedTuple):
    """Progress of a run, for display. `images_per_second`: of all runs of a stack together."""

    step: int
    steps: int
    images_per_second: float
    wait_share: float
    loss: float


def pretrain(
    spec: RunSpec,
    data: TrainingData,
    folder: RunFolder,
    *,
    shares: tuple[float, ...],
    device: torch.device,
    stop: Event,
    init_weights: Mapping[str, Tensor] | None = None,
    estimate: tuple[float, float, float] | None = None,
    save_seconds: float = 60.0,
    branches: Mapping[int, Path] = MappingProxyType({}),
) -> Iterator[Tick]:
    """`train` one run; the arguments are those of `Member`."""
    run = Member(spec, data, folder, shares, device, init_weights, estimate, branches)
    return train([run], stop, save_seconds)


def train(
    runs: Sequence[Member],
    stop: Event,
    save_seconds: float = 60.0,
    stack: tuple[str, ...] = (),
) -> Iterator[Tick]:
    """Train until the budget is spent, from wherever the states in the folders stand.

    Several runs need equal shapes (`shape_of`); one whose state is at another step than the first's
    is left as it is. `stack`: the ids of the runs in one network, which are `runs` where it is
    empty, and others that are missing now. Leaves checkpoints of
    encoder and projector at each run's shares of the budget and, when done, the record of what was
    spent; of common seconds, each run's share. Yields a Tick now and then. Raises
    InterruptedRunError after saving when `stop` is set (in any process), and TrainingError when the
    loss of the first run is no longer finite, after the end of the others, or where processes that
    trained together end with different weights. Another run that diverges has its `error` set.
    """
    stack = stack or tuple(run.spec.id for run in runs)
    network, runs = _opened(runs, stack)
    first = runs[0]
    steps, every = first.spec.steps, max(1, min(50, first.spec.steps // 200))
    going = list(runs)
    saved_at = clock = time.perf_counter()
    for step in range(first.start, steps + 1):
        if (step % every == 0 or step == steps) and first.recent:
            clock = _share_time(runs, clock)
            going = [run for run in going if _logged(run, step)]
            if not going:
                break
            yield _tick(step, runs)
            clock = time.perf_counter()
        for run in going:
            run.keep(step)
        if step in first.branches:  # of a run alone: a trunk's runs are not stacked
            clock = _share_time(runs, clock)
            first.branch(step)
            clock = time.perf_counter()
        if step == steps:
            break
        stopping = any_process(stop.is_set())
        if stopping or time.perf_counter() - saved_at > save_seconds:
            clock = _share_time(runs, clock)
            for run in going:
                run.save(step)
            if stopping:
                raise InterruptedRunError(
                    f"stopped at step {step} of {steps}, saved",
                    hint="run the same command to continue",
                )
            saved_at = clock = time.perf_counter()

        _take_step(network, runs, step, int(stack[0][:8], 16))

    for run in going:
        run.finish(len(stack))
    if first.error is not None:
        raise first.error


def _opened(
    runs: Sequence[Member], stack: tuple[str, ...]
) -> tuple[StackedNetwork | None, list[Member]]:
    """Make runs ready for their next step: their common network, if they are stacked, and those

    that are at the step of the first.
    """
    first, alone = runs[0], len(stack) == 1
    if first.device.type == "cpu":
        keep_freed_memory()
    for run in runs:
        run.build()
    network = None
    if not alone:
        places = [stack.index(run.spec.id) for run in runs]
        network = StackedNetwork([run.method for run in runs], places, len(stack))
    for run in runs:
        run.load(() if alone else stack)
    going = [run for run in runs if run.start == first.start]
    if network is not None:
        network.leave([run in going for run in runs])
        for run in going if first.start == 0 else ():
            run.save(0)  # so that after a kill it is known who was stacked with whom
    return network, going


def _take_step(
    network: StackedNetwork | None, runs: Sequence[Member], step: int, seed: int
) -> None:
    ready = [run.next_batch() for run in runs]
    if network is not None:
        losses = stacked_step(network, runs, ready, step, seed)
    else:
        (run,), spec = runs, runs[0].spec
        loss = train_step(
            run.method,
            run.optimizer,
            spec,
            *ready[0],
            t=step / spec.steps,
            lr=rate_at(spec, step),
            stream=stream_at(spec.seed, step),
        )
        losses = [loss]
    for run, loss in zip(runs, losses, strict=True):
        run.took(loss)


def _share_time(runs: Sequence[Member], since: float) -> float:
    """Add the seconds since `since` to the runs, to each an equal part; returns the time now."""
    now = time.perf_counter()
    for run in runs:
        run.meter.seconds += (now - since) / len(runs)
    return now


def _logged(run: Member, step: int) -> bool:
    """Write the run's losses; False if it diverged, which it is then told by its `error`."""
    try:
        run.log(step)
    except TrainingError as error:
        run.error = error
    return run.error is None


def _tick(step: int, runs: Sequence[Member]) -> Tick:
    first = runs[0]
    seconds = max(first.meter.seconds, 1e-9)
    rate = step * first.spec.batch / seconds  # each run has its share of the seconds
    wait = sum(run.meter.wait_seconds for run in runs) / len(runs) / seconds
    return Tick(step, first.spec.steps, rate, wait, first.last_loss)
