"""How many runs to train side by side (`--jobs auto`): limited by memory, cores and work."""

import math
from typing import NamedTuple

import torch

from datayield.data.free_memory import free_bytes
from datayield.run.device import cores
from datayield.spec.run import RunSpec, flops_per_image
from datayield.store.folders import Store
from datayield.store.plan import Plan
from datayield.store.speeds import speed_key

USABLE = 0.8  # of the free memory: evaluations and other processes need some too
PER_GPU = 4  # not measured: with more, runs mostly take turns
PROCESS_BYTES = 1 << 30  # torch and its libraries, or a CUDA context, before any work
SECONDS_EACH = 10.0  # of work: less does not pay for the start of another process
CORE_FLOPS = 2e10  # a second, of a core with small networks
MACS_PER_BYTE = 30  # of activations kept for the gradient: a high guess
GIB = 2**30


class JobCount(NamedTuple):
    """A number of jobs, and one line that says why."""

    jobs: int
    why: str


def choose_jobs(plan: Plan, store: Store, device: torch.device, devices: int = 1) -> JobCount:
    """As many as fit in memory, at most the number of cores (CPU) or 4 per GPU of `devices`.

    On a CPU one, where there is too little to do for a second process to pay.
    """
    need, source = _need(plan, store)
    free = free_bytes(device)
    bounds = {
        "tasks": len(plan.todo),
        "cores" if device.type == "cpu" else f"{PER_GPU} per GPU": (
            cores() if device.type == "cpu" else PER_GPU * devices
        ),
        "memory": int(USABLE * free // need) * devices,
    }
    if device.type == "cpu":
        bounds["work"] = _worth(plan)
    decisive = min(bounds, key=lambda name: bounds[name])
    jobs = max(1, bounds[decisive])
    why = (
        f"{jobs} at once, limited by {decisive} "
        f"({free / GIB:.1f} GiB free, {need / GIB:.1f} GiB each {source})"
    )
    return JobCount(jobs, why)


def most_jobs(device: torch.device) -> int:
    """As many small runs as are trained side by side here, where there is work enough for all."""
    most = cores() if device.type == "cpu" else PER_GPU
    return max(1, min(most, int(USABLE * free_bytes(device) // PROCESS_BYTES)))


def _worth(plan: Plan) -> int:
    """How many processes have enough to do: by the estimate, or by arithmetic.

    The arithmetic where times are unknown, or those of other networks: per FLOP a ResNet in
    bfloat16 took a tenth of the time of a small ConvNet.
    """
    if plan.estimate is not None and plan.estimate.basis != "across":
        return int(plan.estimate.likely // SECONDS_EACH)
    training = [t.spec for t in plan.todo if isinstance(t.spec, RunSpec) and t.share_left > 0]
    flops = sum((flops_per_image(spec) or math.inf) * spec.images for spec in training)
    return int(min(flops / (SECONDS_EACH * CORE_FLOPS), len(plan.todo)))


def _need(plan: Plan, store: Store) -> tuple[int, str]:
    """Bytes that the largest kind of pending run needs, and where the number comes from."""
    kinds = {
        speed_key(task.spec): task.spec
        for task in plan.todo
        if isinstance(task.spec, RunSpec) and task.share_left > 0
    }
    peaks: dict[str, int] = {}
    for task in plan.tasks:
        if kinds.keys() <= peaks.keys():
            break
        if isinstance(task.spec, RunSpec) and task.share_left == 0:
            record = store.run(task.spec.id).run_cost()
            if record is not None:
                peaks[record.speed_key] = max(record.peak_memory, peaks.get(record.speed_key, 0))
    needs = {key: peaks.get(key) or _guess(spec) for key, spec in kinds.items()}
    measured = bool(kinds) and kinds.keys() <= peaks.keys()
    return max(needs.values(), default=PROCESS_BYTES), "measured" if measured else "estimated"


def _guess(spec: RunSpec) -> int:
    """A process, its images, and the activations of one batch."""
    images = (spec.data.count or 0) * 3 * spec.data.size**2
    macs = (flops_per_image(spec) or 0.0) / 6  # forward and backward are three times forward
    return int(PROCESS_BYTES + images + spec.batch * macs / MACS_PER_BYTE)
