"""How many runs fit beside each other (`--jobs auto`): by memory, and by what keeps busy."""

import os
from pathlib import Path
from typing import NamedTuple

import torch

from datayield.run.device import cores
from datayield.spec.run import RunSpec, flops_per_image
from datayield.store.folders import Store
from datayield.store.plan import Plan
from datayield.store.speeds import speed_key

USABLE = 0.8  # of the memory that is free: evaluations and other processes want some too
PER_GPU = 4  # not measured: beyond it runs mostly take turns
PROCESS_BYTES = 1 << 30  # torch and its libraries, or a CUDA context, before any work
MACS_PER_BYTE = 30  # of activations kept for the gradient: a guess on the large side
GIB = 2**30


class Packing(NamedTuple):
    """A number of jobs, and the one line that says why."""

    jobs: int
    why: str


def packed(plan: Plan, store: Store, device: torch.device, devices: int = 1) -> Packing:
    """As many as memory holds, but no more than cores (CPU) or 4 (each of `devices`)."""
    need, source = _need(plan, store)
    free = free_memory(device)
    bounds = {
        "tasks": len(plan.todo),
        "cores" if device.type == "cpu" else f"{PER_GPU} per GPU": (
            cores() if device.type == "cpu" else PER_GPU * devices
        ),
        "memory": int(USABLE * free // need) * devices,
    }
    decisive = min(bounds, key=lambda name: bounds[name])
    jobs = max(1, bounds[decisive])
    why = (
        f"{jobs} at once, limited by {decisive} "
        f"({free / GIB:.1f} GiB free, {need / GIB:.1f} GiB each {source})"
    )
    return Packing(jobs, why)


def free_memory(device: torch.device) -> int:
    """Bytes: of the GPU, or what the system and its limits on this process leave of RAM."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    free = [_available()]
    group = Path("/sys/fs/cgroup")
    limit, used = _number(group / "memory.max"), _number(group / "memory.current")
    if limit is not None and used is not None:
        free.append(max(0, limit - used))
    return min(free)


def _available() -> int:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
        line = next(line for line in lines if line.startswith("MemAvailable"))
        return int(line.split()[1]) * 1024
    except (OSError, StopIteration):
        return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")) // 2


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # no such file, or "max"
        return None


def _need(plan: Plan, store: Store) -> tuple[int, str]:
    """Bytes that the largest kind of run to do takes, and where the figure comes from."""
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
            record = store.run(task.spec.id).spent()
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
