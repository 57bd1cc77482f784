"""The engine for a Ray cluster, or a local Ray on this machine, using Ray Core tasks.

RAY_ADDRESS names a cluster (its nodes need datayield, the images and the store at the same
paths); without it a local Ray with `jobs` CPUs is started and shut down again. Progress comes
through the store. Ray's own retries are off: the scheduler restarts a lost task, and says so.
"""

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datayield.run.engines.mailbox import LOOK_SECONDS, Mailbox, requires_extra
from datayield.run.engines.torchrun import run_in_processes
from datayield.run.job import Job, TaskEnd, TaskEvent
from datayield.spec.errors import ConfigError
from datayield.store.folders import Store

PASSED_ON = ("DATAYIELD_DATA", "DATAYIELD_CACHE", "OMP_NUM_THREADS", "PYTHONPATH")


class Ray:
    """`jobs` tasks at once; each gets an equal part of the CPUs, and of the GPUs if any.

    With several `processes` per task, each process gets a GPU instead, all on one node.
    """

    def __init__(
        self, jobs: int, device: str, store: Store, threads: int, processes: int = 1
    ) -> None:
        with requires_extra("ray"):
            import ray

        self._ray: Any = ray
        own = "RAY_ADDRESS" not in os.environ
        settings: dict[str, Any] = {"log_to_driver": False, "logging_level": "warning"}
        if own:
            settings |= {"address": "local", "num_cpus": jobs, "include_dashboard": False}
        ray.init(**settings)
        there = ray.cluster_resources()
        gpus = 0 if device == "cpu" else int(there.get("GPU", 0))
        self.slots, self._processes = jobs, processes
        per_task = processes if processes > 1 and gpus else 0  # GPUs
        if per_task:
            self._check_gpus(per_task)
        self.sharing = 1 if per_task else math.ceil(jobs / gpus) if gpus else jobs if own else 1
        cpus = 1 if own else max(1, int(there.get("CPU", 1)) // jobs)
        self._resources: dict[str, Any] = {
            "num_cpus": cpus,
            "num_gpus": per_task or (1 / self.sharing if gpus else 0),
            "max_retries": 0,
            "runtime_env": {
                "env_vars": _environment(threads if own else max(1, cpus // processes))
            },
        }
        self._mailbox = Mailbox(store)
        self._running: dict[Any, str] = {}  # reference to the end -> run

    def start(self, job: Job) -> None:
        """Submit the task to Ray."""
        store = Store(job.store.root.absolute())
        job = job._replace(store=store, processes=self._processes)
        task = self._ray.remote(run_in_processes).options(**self._resources)
        self._running[task.remote(job, self._mailbox.folder, Path.cwd())] = job.task.spec.id

    def poll(self) -> Iterator[tuple[str, TaskEvent]]:
        """Events in the mailbox, then tasks that ended."""
        if not self._running:
            return
        ended, _ = self._ray.wait(list(self._running), timeout=LOOK_SECONDS)
        yield from self._mailbox.new_events()
        for reference in ended:
            yield self._running.pop(reference), self._end(reference)

    def stop(self) -> None:
        """Ask all tasks to stop, through the store."""
        self._mailbox.ask_to_stop()

    def close(self) -> None:
        """Disconnect, which ends what still runs; a local Ray is shut down."""
        for reference in self._running:
            self._ray.cancel(reference, force=True)
        self._ray.shutdown()
        self._mailbox.close()

    def _check_gpus(self, wanted: int) -> None:
        nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        most = max(int(node.get("GPU", 0)) for node in nodes)
        if wanted > most:
            self._ray.shutdown()
            raise ConfigError(
                "no node of the cluster has a GPU for every process of a task",
                where="--processes",
                got=wanted,
                allowed=f"at most {most}",
            )

    def _end(self, reference: Any) -> TaskEnd:
        errors = self._ray.exceptions
        try:
            end: TaskEnd = self._ray.get(reference)
        except errors.RayTaskError as error:  # before it started: cannot be imported there, say
            return TaskEnd("failed", str(error))
        except errors.RayError as error:
            return TaskEnd("lost", f"its worker or node was lost ({type(error).__name__})")
        return end


def _environment(threads: int) -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in PASSED_ON if os.environ.get(name)}
    return {"OMP_NUM_THREADS": str(threads)} | passed_on
