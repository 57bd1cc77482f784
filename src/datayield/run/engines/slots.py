"""How many runs to train side by side (`--jobs auto`): limited by memory, cores and work."""

import math
from typing import NamedTuple

from datayield.spec.environment import cores
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
# What each process does beside the others, against one alone: on two cores, and on a GPU.
SHARED_CPU, SHARED_GPU = 0.85, 0.5
GIB = 2**30


class JobCount(NamedTuple):
    """A number of jobs, what limits it, and one line that says so."""

    jobs: int
    bound: str
    why: str


def choose_jobs(
    plan: Plan, store: Store, device: str, free: float = math.inf, devices: int = 1
) -> JobCount:
    """As many as fit in memory, at most the number of cores (CPU) or 4 per GPU of `devices`.

    On a CPU one, where there is too little to do for a second process to pay. `device`: its type;
    `free`: bytes of its memory, where known.
    """
    need, source = _need(plan, store)
    bounds: dict[str, float] = {
        "tasks": len(plan.todo),
        "cores" if device == "cpu" else f"{PER_GPU} per GPU": (
            cores() if device == "cpu" else PER_GPU * devices
        ),
        "memory": USABLE * free // need * devices,
    }
    if device == "cpu":
        bounds["work"] = _worth(plan)
    decisive = min(bounds, key=lambda name: bounds[name])
    jobs = max(1, int(bounds[decisive]))
    why = (
        f"{jobs} at once, limited by {decisive} "
        f"({free / GIB:.1f} GiB free, {need / GIB:.1f} GiB each {source})"
    )
    return JobCount(jobs, decisive, why)


def most_jobs(device: str, free: float) -> int:
    """As many small runs as are trained side by side here, where there is work enough for all."""
    most = cores() if device == "cpu" else PER_GPU
    return max(1, min(most, int(USABLE * free // PROCESS_BYTES)))


def speed_of(jobs: int, device: str) -> float:
    """What so many processes do in the time in which one alone does 1."""
    return 1.0 if jobs == 1 else jobs * (SHARED_CPU if device == "cpu" else SHARED_GPU)


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
