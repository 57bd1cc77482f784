"""The pretraining loop: it reads top to bottom, with rare events before the step.

Step k is a pure function of (weights and optimizer after step k - 1, seed, k): batch, views and
dropout are drawn from (seed, k), so a run that was killed and resumed is bit-identical on a CPU.
Several processes (`nets.distributed`) each take a part of the batch and make the same step.
"""

import json
import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Event
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor

from datayield import methods
from datayield.nets.distributed import all_gather_text, any_process, local_slice, world_size
from datayield.nets.sync_norm import synchronised
from datayield.optim.build import build as build_optimizer
from datayield.run.device import describe, keep_freed_memory, peak_memory, versions
from datayield.run.loop.batches import TrainingData, batches
from datayield.run.loop.compile import compile_encoders
from datayield.run.loop.cpu_layout import apply_settings, settings_of, to_memory_format
from datayield.run.loop.state import Meter, load_state, save_state, state_of, weights_digest
from datayield.run.loop.step import rate_at, stream_at, train_step
from datayield.run.loop.tensor_files import CHECKPOINT, write_tensors, write_trunk_state
from datayield.run.loop.training_check import images_checked, training_check
from datayield.spec.atomic_files import write_text
from datayield.spec.environment import compiling
from datayield.spec.errors import InterruptedRunError, TrainingError
from datayield.spec.run import RunSpec, flops_per_image
from datayield.store.folders import RunFolder, ends_as_archive
from datayield.store.log import read_log
from datayield.store.records import RunCostRecord, Shared
from datayield.store.speeds import speed_key


class Tick(NamedTuple):
    """Progress of a run, for display."""

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
    """Train until the budget is spent, from wherever the folder's state stands.

    `init_weights`: those of an earlier run's encoder, where `spec` starts from one. `branches`:
    steps at which other runs may start, and the files that are to hold the state there.
    Leaves checkpoints of encoder and projector at `shares` of the budget and, when done, the
    record of what was spent. Yields a Tick now and then. Raises InterruptedRunError after saving
    when `stop` is set (in any process), and TrainingError when the loss is no longer finite, or
    where processes that trained together end with different weights.
    """
    if device.type == "cpu":
        keep_freed_memory()
    method = synchronised(methods.build(spec, init_weights)).to(device)
    compiled = compiling() and compile_encoders(method)
    part = local_slice(spec.batch)
    optimizer = build_optimizer(method, spec.optim)
    start, meter = load_state(folder, spec.id, data.digests, method, optimizer, device)
    if start == 0:
        meter.estimate = estimate
        meter.layout, meter.threads, _ = settings_of(spec, device)
    apply_settings(method, meter.layout, meter.threads)
    steps, every = spec.steps, max(1, min(50, spec.steps // 200))
    _drop_log_from(folder, start)
    method.train()
    recent: list[Tensor] = []
    terms: dict[str, Tensor] = {}
    ready = batches(data, spec, part, start, steps, device, meter)
    saved_at = clock = time.perf_counter()
    for step in range(start, steps + 1):
        t = step / steps
        if (step % every == 0 or step == steps) and recent:
            losses = torch.stack(recent).float().cpu()
            recent.clear()
            now = time.perf_counter()
            meter.seconds, clock = meter.seconds + now - clock, now
            _check_finite(losses, step, spec)
            _log(folder, step, losses, terms, spec)
            yield _tick(step, spec, meter, float(losses[-1]))
            clock = time.perf_counter()
        for share in shares:
            if step == round(share * steps) and not folder.has_checkpoint(share):
                save_checkpoint(folder, spec, share, step, method)
        if step in branches and not ends_as_archive(branches[step]):
            meter.seconds += time.perf_counter() - clock
            state = state_of(spec.id, data.digests, step, method, optimizer, meter)
            write_trunk_state(folder, branches[step], state | {"trunk": spec.trunk})
            clock = time.perf_counter()
        if step == steps:
            break
        stopping = any_process(stop.is_set())
        if stopping or time.perf_counter() - saved_at > save_seconds:
            now = time.perf_counter()
            meter.seconds += now - clock
            save_state(folder, spec.id, data.digests, step, steps, method, optimizer, meter)
            if stopping:
                raise InterruptedRunError(
                    f"stopped at step {step} of {steps}, saved",
                    hint="run the same command to continue",
                )
            saved_at = clock = time.perf_counter()

        views, targets = next(ready)
        loss = train_step(
            method,
            optimizer,
            spec,
            to_memory_format(views, meter.layout),
            targets,
            t=t,
            lr=rate_at(spec, step),
            stream=stream_at(spec.seed, step),
        )
        recent.append(loss.total.detach())
        terms = loss.terms

    final_loss = float(losses[-1]) if start < steps else math.nan
    weights = weights_digest(method.state_dict())
    _check_alike(weights, spec)
    seen = data.images.batch(spec.seed, 0, images_checked(spec, len(data.images)), slice(None))
    logged = [line["loss"] for line in read_log(folder.log)]
    trained = method.encoder.state_dict()
    folder.write_training_check(training_check(spec, trained, seen, logged, device))
    folder.write_run_cost(_spent(spec, data, meter, final_loss, weights, device, compiled))
    folder.remove(folder.state)
    folder.remove(folder.path / "progress.json")


def _check_finite(losses: Tensor, step: int, spec: RunSpec) -> None:
    bad = (~torch.isfinite(losses)).nonzero()
    if len(bad):
        at = step - len(losses) + int(bad[0])
        lr = rate_at(spec, at)
        raise TrainingError(
            f"the loss is {float(losses[bad[0]])} at step {at} of {spec.steps}",
            where=f"{spec.method.name}, run {spec.id}",
            got=f"learning rate {lr:.3g} ({spec.optim.name}, peak {spec.optim.lr:.3g})",
            hint="try a third of optim.lr, a longer optim.warmup, optim.clip: 1.0"
            + (", or precision: fp32" if spec.precision == "bf16" else ""),
        )


def _check_alike(weights: str, spec: RunSpec) -> None:
    held = all_gather_text(weights)
    if len(set(held)) > 1:
        differ = [str(rank) for rank, other in enumerate(held) if other != held[0]]
        raise TrainingError(
            f"{len(held)} processes that trained one model hold different weights",
            where=f"{spec.method.name}, run {spec.id}",
            got=f"process {', '.join(differ)} differs from process 0",
            hint="run all processes on devices of the same kind with the same software versions",
        )


def _log(
    folder: RunFolder, step: int, losses: Tensor, terms: dict[str, Tensor], spec: RunSpec
) -> None:
    line = {
        "step": step,
        "share": round(step / spec.steps, 6),
        "loss": float(losses.mean()),
        "lr": rate_at(spec, step - 1),
        "terms": {k: float(v) for k, v in terms.items()},
    }
    folder.append_log(json.dumps(line))


def _drop_log_from(folder: RunFolder, step: int) -> None:
    """Drop lines past the saved state, which belong to a lost attempt, and damaged ones."""
    folder.check()
    folder.path.mkdir(parents=folder.lock is None, exist_ok=True)  # else the lock lies there
    if folder.log.exists():
        kept = [json.dumps(line) + "\n" for line in read_log(folder.log) if line["step"] <= step]
        write_text(folder.log, "".join(kept), folder.check)


def save_checkpoint(
    folder: RunFolder, spec: RunSpec, share: float, step: int, method: methods.Method
) -> None:
    """Save what evaluations need: the encoder, and the projector if the method has one."""
    kept = {"run": spec.id, "share": share, "step": step, "encoder": method.encoder.state_dict()}
    if not isinstance(method, methods.SimMIM | methods.Supervised):
        kept["projector"] = method.projector.state_dict()
    write_tensors(folder, folder.checkpoint(share), CHECKPOINT, kept)


def _tick(step: int, spec: RunSpec, meter: Meter, loss: float) -> Tick:
    seconds = max(meter.seconds, 1e-9)
    return Tick(step, spec.steps, step * spec.batch / seconds, meter.wait_seconds / seconds, loss)


def _spent(
    spec: RunSpec,
    data: TrainingData,
    meter: Meter,
    final_loss: float,
    weights: str,
    device: torch.device,
    compiled: bool,
) -> RunCostRecord:
    images, flops = spec.steps * spec.batch, flops_per_image(spec)
    return RunCostRecord(
        images_asked=spec.images,
        images=images,
        views=images * spec.view_count,
        steps=spec.steps,
        flops=None if flops is None else flops * images,
        seconds=meter.seconds,
        wait_seconds=meter.wait_seconds,
        view_seconds=meter.view_seconds,
        peak_memory=peak_memory(device),
        device=describe(device),
        threads=torch.get_num_threads(),
        layout=meter.layout,
        processes=world_size(),
        compiled=compiled,
        resumed=meter.resumed,
        final_loss=final_loss,
        weights=weights,
        data_digest=data.data_digest,
        indices_digest=data.indices_digest,
        skipped=data.skipped,
        distinct=data.distinct,
        speed_key=speed_key(spec),
        versions=versions(),
        shared=Shared(**meter.shared) if meter.shared else None,
        estimate=meter.estimate,
        finished=time.time(),
    )
