"""The engine that a command selects. Besides the engines' own files, only this one names them."""

from threading import Event
from typing import TYPE_CHECKING

import torch

from datayield.data.free_memory import free_bytes
from datayield.run.device import choose
from datayield.run.engines.local import InProcess
from datayield.run.engines.processes import Workers
from datayield.run.engines.slots import choose_jobs
from datayield.spec.environment import cores
from datayield.store.folders import Store
from datayield.store.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from datayield.run.job import Engine


def engine_of(
    executor: str,
    jobs: int | None,
    slurm: tuple[str, ...],
    *,
    plan: Plan,
    store: Store,
    device: str,
    processes: int,
    stop: Event,
    say: "Callable[[str], None]",
) -> "Engine":
    """An idle engine. `jobs`: None to choose it for this machine.

    `processes`: per task, unless the engine is `local`.
    Raises ConfigError if an engine is not installed or a setting is unknown.
    """
    if executor == "slurm":
        from datayield.run.engines.slurm import Slurm

        return Slurm(jobs or 1, store, slurm, processes)
    if executor == "ray":
        from datayield.run.engines.ray import Ray

        return Ray(
            jobs or 1, device, store, max(1, cores() // ((jobs or 1) * processes)), processes
        )
    chosen = choose(device)
    devices = _devices(chosen)
    if jobs is None:
        jobs, bound, why = choose_jobs(plan, store, chosen.type, free_bytes(chosen), len(devices))
        if bound == "memory":  # of all the others the plan knew
            say(f"jobs  {why}")
    jobs = min(jobs, max(1, len(plan.todo)))
    if jobs == 1:
        return InProcess(stop)
    return Workers(jobs, devices, max(1, cores() // jobs))


def _devices(device: torch.device) -> list[str]:
    """All GPUs, unless one was selected by its index."""
    if str(device) == "cuda":
        return [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    return [str(device)]
