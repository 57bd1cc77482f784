"""One run in the loop: what it owns between two steps, and its rare events."""

import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from datayield import methods
from datayield.nets.distributed import all_gather_text, local_slice, world_size
from datayield.nets.sync_norm import synchronised
from datayield.optim.build import build as build_optimizer
from datayield.run.device import describe, peak_memory, versions
from datayield.run.loop.batches import Batch, TrainingData, batches
from datayield.run.loop.compile import CompiledLoss, compile_loss
from datayield.run.loop.cpu_layout import apply_settings, settings_of, to_memory_format
from datayield.run.loop.state import Meter, load_state, save_state, state_of, weights_digest
from datayield.run.loop.step import rate_at
from datayield.run.loop.tensor_files import CHECKPOINT, write_tensors, write_trunk_state
from datayield.run.loop.training_check import images_checked, training_check
from datayield.spec.atomic_files import write_text
from datayield.spec.environment import compiling
from datayield.spec.errors import DivergedError, TrainingError
from datayield.spec.run import RunSpec, flops_per_image
from datayield.store.folders import RunFolder, ends_as_archive
from datayield.store.log import read_log
from datayield.store.records import RunCostRecord, Shared
from datayield.store.speeds import speed_key


@dataclass(eq=False)
class Member:
    """A run and where it stands.

    `init_weights`: those of an earlier run's encoder, where `spec` starts from one. `branches`:
    steps at which other runs may start, and the files that are to hold the state there.
    `error`: why it left the loop before its end, while others of its stack went on.
    """

    spec: RunSpec
    data: TrainingData
    folder: RunFolder
    shares: tuple[float, ...]
    device: torch.device
    init_weights: Mapping[str, Tensor] | None = None
    estimate: tuple[float, float, float] | None = None
    branches: Mapping[int, Path] = field(default_factory=dict)
    label: str = ""
    error: TrainingError | None = None

    method: methods.Method = field(init=False)
    optimizer: torch.optim.Optimizer = field(init=False)
    meter: Meter = field(init=False)
    start: int = field(init=False)
    compiled: CompiledLoss | None = field(init=False, default=None)
    recent: list[Tensor] = field(init=False, default_factory=list)  # losses not logged yet
    terms: dict[str, Tensor] = field(init=False, default_factory=dict)
    last_loss: float = field(init=False, default=math.nan)

    def build(self) -> None:
        """Make the method, on its device."""
        self.terms = {}
        self.method = synchronised(methods.build(self.spec, self.init_weights)).to(self.device)

    def load(self, stack: tuple[str, ...]) -> None:
        """Make the optimizer; continue from the state in the folder, if there is one.

        `stack`: the ids of the runs that it is trained with; empty for a run alone. In a stack
        weights are slices of larger tensors, whose order in memory stays as it is.
        """
        self.optimizer = build_optimizer(self.method, self.spec.optim)
        self.start, self.meter = load_state(
            self.folder,
            self.spec.id,
            self.data.digests,
            self.method,
            self.optimizer,
            self.device,
        )
        if self.start == 0:
            self.meter.estimate = self.estimate
            self.meter.layout, self.meter.threads, _ = settings_of(self.spec, self.device)
            self.meter.compiled = compiling()
        self.meter.stack = stack
        if stack:
            self.meter.layout, self.meter.compiled = "contiguous", False
        self.compiled = compile_loss(self.method) if self.meter.compiled else None
        apply_settings(self.method, self.meter.layout, self.meter.threads)
        _drop_log_from(self.folder, self.start)
        self.method.train()
        part = local_slice(self.spec.batch)
        self._ready = batches(
            self.data, self.spec, part, self.start, self.spec.steps, self.device, self.meter
        )

    def release(self) -> None:
        """Free the memory of the network, which `build` makes again."""
        for name in ("method", "optimizer", "terms", "compiled", "_ready"):
            self.__dict__.pop(name, None)
        self.recent.clear()

    def next_batch(self) -> Batch:
        """What the next step trains on."""
        views, targets = next(self._ready)
        return Batch(to_memory_format(views, self.meter.layout), targets)

    def took(self, loss: methods.Loss) -> None:
        """Note the loss of a step, without waiting for it."""
        self.meter.compiled = self.compiled is not None and not self.compiled.problem
        if self.error is None:
            self.recent.append(loss.total.detach())
            self.terms = loss.terms

    def log(self, step: int) -> None:
        """Write the losses since the last time. Raises TrainingError if one is not finite."""
        losses = torch.stack(self.recent).float().cpu()
        self.recent.clear()
        self._check_finite(losses, step)
        line = {
            "step": step,
            "share": round(step / self.spec.steps, 6),
            "loss": float(losses.mean()),
            "seconds": round(self.meter.seconds, 3),
            "lr": rate_at(self.spec, step - 1),
            "terms": {name: float(term) for name, term in self.terms.items()},
        }
        self.folder.append_log(json.dumps(line))
        self.last_loss = float(losses[-1])

    def keep(self, step: int) -> None:
        """Save the checkpoints that are due at this step."""
        for share in self.shares:
            if step == round(share * self.spec.steps) and not self.folder.has_checkpoint(share):
                save_checkpoint(self.folder, self.spec, share, step, self.method)

    def branch(self, step: int) -> None:
        """Save the state for the runs that start from here, unless it is there."""
        if not ends_as_archive(self.branches[step]):
            state = state_of(
                self.spec.id, self.data.digests, step, self.method, self.optimizer, self.meter
            )
            write_trunk_state(self.folder, self.branches[step], state | {"trunk": self.spec.trunk})

    def save(self, step: int) -> None:
        """Save everything that survives a step."""
        save_state(
            self.folder,
            self.spec.id,
            self.data.digests,
            step,
            self.spec.steps,
            self.method,
            self.optimizer,
            self.meter,
        )

    def finish(self, stacked: int) -> None:
        """Record what was spent, as one of `stacked` runs. TrainingError if processes differ."""
        weights = weights_digest(self.method.state_dict())
        _check_alike(weights, self.spec)
        number = images_checked(self.spec, len(self.data.images))
        seen = self.data.images.batch(self.spec.seed, 0, number, slice(None))
        logged = [line["loss"] for line in read_log(self.folder.log)]
        trained = self.method.encoder.state_dict()
        self.folder.write_training_check(
            training_check(self.spec, trained, seen, logged, self.device)
        )
        self.folder.write_run_cost(self._spent(weights, stacked))
        self.folder.remove(self.folder.state)
        self.folder.remove(self.folder.path / "progress.json")

    def _check_finite(self, losses: Tensor, step: int) -> None:
        spec = self.spec
        bad = (~torch.isfinite(losses)).nonzero()
        if len(bad):
            at = step - len(losses) + int(bad[0])
            lr = rate_at(spec, at)
            raise DivergedError(
                f"the loss is {float(losses[bad[0]])} at step {at} of {spec.steps}",
                where=f"{spec.method.name}, run {spec.id}",
                got=f"learning rate {lr:.3g} ({spec.optim.name}, peak {spec.optim.lr:.3g})",
                hint="try a third of optim.lr, a longer optim.warmup, optim.clip: 1.0"
                + (", or precision: fp32" if spec.precision == "bf16" else ""),
            )

    def _spent(self, weights: str, stacked: int) -> RunCostRecord:
        spec, data, meter = self.spec, self.data, self.meter
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
            peak_memory=peak_memory(self.device),
            device=describe(self.device),
            threads=torch.get_num_threads(),
            layout=meter.layout,
            processes=world_size(),
            stacked=stacked,
            compiled=meter.compiled,
            resumed=meter.resumed,
            final_loss=self.last_loss,
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


def save_checkpoint(
    folder: RunFolder, spec: RunSpec, share: float, step: int, method: methods.Method
) -> None:
    """Save what evaluations need: the encoder, and the projector if the method has one."""
    kept = {"run": spec.id, "share": share, "step": step, "encoder": method.encoder.state_dict()}
    if not isinstance(method, methods.SimMIM | methods.Supervised):
        kept["projector"] = method.projector.state_dict()
    write_tensors(folder, folder.checkpoint(share), CHECKPOINT, kept)


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


def _drop_log_from(folder: RunFolder, step: int) -> None:
    """Drop lines past the saved state, which belong to a lost attempt, and damaged ones."""
    folder.check()
    folder.path.mkdir(parents=folder.lock is None, exist_ok=True)  # else the lock lies there
    if folder.log.exists():
        kept = [json.dumps(line) + "\n" for line in read_log(folder.log) if line["step"] <= step]
        write_text(folder.log, "".join(kept), folder.check)
