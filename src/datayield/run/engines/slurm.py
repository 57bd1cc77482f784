"""The engine for Slurm, using submitit: every task is a job of an array.

Slurm warns a job before its time limit (SIGUSR2): the task saves, submitit requeues it, and it
resumes from its saved state. Progress comes through the store.
"""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

from datayield.run.engines.mailbox import Mailbox, requires_extra
from datayield.run.engines.torchrun import run_in_processes
from datayield.run.job import Job, TaskEnd, TaskEvent
from datayield.spec.errors import ConfigError
from datayield.store.folders import Store
from datayield.store.run_lock import LOCK_TIMEOUT

LOOK_SECONDS = 1.0
REQUEUES = 1000  # of one task; each resumes where the last one stopped
# --slurm key=value -> submitit's name for it
SETTINGS: dict[str, tuple[str, type]] = {
    "partition": ("slurm_partition", str),
    "account": ("slurm_account", str),
    "qos": ("slurm_qos", str),
    "constraint": ("slurm_constraint", str),
    "time": ("timeout_min", int),
    "gpus": ("gpus_per_node", int),
    "cpus": ("cpus_per_task", int),
    "mem_gb": ("mem_gb", int),
    "warn_seconds": ("slurm_signal_delay_s", int),
    "cluster": ("cluster", str),
}


class Slurm:
    """At most `jobs` jobs of the array run at once; Slurm holds the others in its queue.

    `processes`: per task; they need as many GPUs, set by `gpus`.
    """

    def __init__(
        self, jobs: int, store: Store, settings: tuple[str, ...], processes: int = 1
    ) -> None:
        with requires_extra("slurm"):
            import submitit

        chosen = parsed(settings)
        cluster = chosen.pop("cluster", "slurm")
        queued = cluster == "slurm"
        self.slots, self.sharing = (100_000, 1) if queued else (jobs, jobs)
        self._processes = processes
        self._mailbox = Mailbox(store)
        self._executor: Any = submitit.AutoExecutor(
            self._mailbox.folder / "submitit",
            cluster,
            slurm_max_num_timeout=REQUEUES,
            local_max_num_timeout=REQUEUES,
        )
        if queued:
            chosen["slurm_array_parallelism"] = jobs
        self._executor.update_parameters(name="datayield", tasks_per_node=1, **chosen)
        self._lost: Any = submitit.core.utils.UncompletedJobError
        self._failed: Any = submitit.core.utils.FailedJobError
        self._new: list[Job] = []
        self._running: dict[str, Any] = {}  # run -> submitit's job

    def start(self, job: Job) -> None:
        """Keep it for the next array."""
        store = Store(job.store.root.absolute())
        self._new.append(
            job._replace(store=store, lock_timeout=LOCK_TIMEOUT, processes=self._processes)
        )

    def poll(self) -> Iterator[tuple[str, TaskEvent]]:
        """Submit new tasks as one array, then report events, then tasks that ended."""
        if self._new:
            with self._executor.batch():
                handed_in = [
                    (each.task.spec.id, self._executor.submit(self._requeueable(each)))
                    for each in self._new
                ]
            self._running |= dict(handed_in)
            self._new.clear()
        time.sleep(LOOK_SECONDS)
        ended = [(run, job) for run, job in self._running.items() if job.done()]
        yield from self._mailbox.new_events()
        for run, job in ended:
            del self._running[run]
            self._mailbox.forget(run)
            yield run, self._end(job)

    def stop(self) -> None:
        """Ask through the store; a job that is still queued stops as soon as it starts."""
        self._mailbox.ask_to_stop()
        for job in self._running.values():
            if job.state == "PENDING":
                job.cancel()

    def close(self) -> None:
        """Cancel what still runs."""
        for job in self._running.values():
            job.cancel()
        self._mailbox.close()

    def _requeueable(self, job: Job) -> "Requeueable":
        return Requeueable(job, self._mailbox.folder, Path.cwd())

    def _end(self, job: Any) -> TaskEnd:
        try:
            end: TaskEnd = job.result()
        except self._failed as error:
            return TaskEnd("failed", str(error))
        except self._lost as error:
            if (self._mailbox.folder / "stop").exists():
                return TaskEnd("stopped", "removed from the queue")
            return TaskEnd("lost", f"its job was lost ({job.state}): {str(error).splitlines()[0]}")
        return end


class Requeueable:
    """The callable that submitit pickles: the task, which saves when Slurm warns it."""

    def __init__(self, job: Job, folder: Path, home: Path) -> None:
        self.job, self.folder, self.home = job, folder, home

    def __call__(self) -> TaskEnd:
        stop, warned = Event(), Event()

        def on_warning(*_: object) -> None:
            warned.set()
            stop.set()

        requeue = signal.signal(signal.SIGUSR2, on_warning)
        end = run_in_processes(self.job, self.folder, self.home, stop)
        signal.signal(signal.SIGUSR2, requeue)
        if warned.is_set() and end.how == "stopped":  # saved: now submitit may end this process
            os.kill(os.getpid(), signal.SIGUSR2)
            time.sleep(LOOK_SECONDS)
        return end

    def checkpoint(self) -> Any:
        """What submitit requeues: the same task, which resumes from its own state."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


def parsed(settings: tuple[str, ...]) -> dict[str, Any]:
    """`("time=60", "partition=gpu")` under submitit's names. Raises ConfigError."""
    parameters: dict[str, Any] = {}
    for setting in settings:
        key, _, value = setting.partition("=")
        if key not in SETTINGS:
            raise ConfigError("unknown Slurm setting", where="--slurm", got=key, allowed=SETTINGS)
        name, kind = SETTINGS[key]
        try:
            parameters[name] = kind(value)
        except ValueError:
            raise ConfigError(
                f"{key} must be an integer", where="--slurm", got=value or "nothing"
            ) from None
    return parameters
