"""The engine for several tasks on this machine: worker processes that are reused for many tasks.

On Linux, workers are forked from a server that has imported torch once and does nothing else: it
has no threads but those of BLAS, which handles forks, and never touches a GPU. Elsewhere each
worker imports torch itself.

A worker learns through its pipe that it should stop or that its commander died, so it never
continues as an orphan and needs no signal. Ctrl-C in a terminal reaches all processes: workers
ignore it and stop on request.
"""

import math
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from threading import Event, Thread
from types import ModuleType
from typing import Any, cast

import torch
from threadpoolctl import threadpool_limits

from datayield.run.job import Job, TaskEnd, TaskEvent
from datayield.run.task import attempt
from datayield.spec.environment import threads_wanted

STOP = "stop"
LOOK_SECONDS = 0.5
LEAVE_SECONDS = 10.0  # for an idle worker to exit


@dataclass
class Worker:
    """A process, our end of its pipe, its device, and its current run."""

    process: BaseProcess
    pipe: Connection
    device: str
    run_id: str | None = None


class Workers:
    """Up to `jobs` processes, each with `threads` of the cores and one of `devices` in turn."""

    def __init__(self, jobs: int, devices: list[str], threads: int) -> None:
        self.slots, self.sharing = jobs, math.ceil(jobs / len(devices))
        self._devices = [devices[i % len(devices)] for i in range(jobs)]
        self._threads = threads
        self._workers: list[Worker] = []

    def start(self, job: Job) -> None:
        """Send the task to an idle worker; start one if there is none."""
        idle = [worker for worker in self._workers if worker.run_id is None]
        worker = idle[0] if idle else self._hire()
        worker.run_id = job.task.spec.id
        with suppress(OSError):  # it has just died: `poll` will see its pipe end
            worker.pipe.send(job._replace(device=worker.device))

    def poll(self) -> Iterator[tuple[str, TaskEvent]]:
        """Events from the workers; a closed pipe means that the process died."""
        by_pipe = {worker.pipe: worker for worker in self._workers}
        for pipe in wait(list(by_pipe), LOOK_SECONDS):
            worker = by_pipe[cast(Connection, pipe)]  # of another class on Windows
            run_id = worker.run_id
            try:
                event: TaskEvent = worker.pipe.recv()
            except (EOFError, OSError):
                event = self._buried(worker)
            if isinstance(event, TaskEnd):
                worker.run_id = None
            if run_id is not None:
                yield run_id, event

    def stop(self) -> None:
        """Ask all workers to stop."""
        for worker in self._workers:
            with suppress(OSError):
                worker.pipe.send(STOP)

    def close(self) -> None:
        """Let idle workers exit, and kill the others."""
        for worker in self._workers:
            worker.pipe.close()
            if worker.run_id is not None:
                worker.process.kill()
        for worker in self._workers:
            worker.process.join(LEAVE_SECONDS)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._workers.clear()

    def _hire(self) -> Worker:
        ours, theirs = multiprocessing.Pipe()
        with _environment(self._threads):
            process = worker_process(_serve, theirs)
            process.start()
        theirs.close()
        taken = [worker.device for worker in self._workers]
        device = min(self._devices, key=taken.count)
        self._workers.append(Worker(process, ours, device))
        return self._workers[-1]

    def _buried(self, worker: Worker) -> TaskEnd:
        worker.process.join()
        worker.pipe.close()
        self._workers.remove(worker)
        return TaskEnd("lost", f"its process ended ({cause(worker.process.exitcode or 0)})")


def worker_process(target: Callable[[Connection], None], pipe: Connection) -> BaseProcess:
    """A process that will call `target`, with the environment as it is now; not started yet.

    Where it is forked from the server, torch is there already, as that was when the server started.
    """
    arguments: dict[str, Any] = {"args": (target, pipe, dict(os.environ)), "name": "worker"}
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn").Process(target=_begin, **arguments)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])  # once; a worker imports what is missing itself
    return context.Process(target=_begin, **arguments)


def _begin(
    target: Callable[[Connection], None], pipe: Connection, environment: dict[str, str]
) -> None:
    """What a new worker does first: the server may have been started in another environment."""
    if os.environ != environment:
        os.environ.clear()
        os.environ.update(environment)
        if threads_wanted() and environment["OMP_NUM_THREADS"].isdigit():
            threads = max(1, int(environment["OMP_NUM_THREADS"]))
            torch.set_num_threads(threads)
            threadpool_limits(threads)
    target(pipe)


@contextmanager
def _environment(threads: int) -> Iterator[None]:
    """Environment for a process started in the block; torch and BLAS read it on import.

    A number of threads that the user has set is kept. Modules of the working directory, which a
    server would import before it knows the path of this process, are left out. So is the script
    that called datayield, which workers would run again: they need nothing of it.
    """
    changed = {"PYTHONSAFEPATH": "1"}
    if not threads_wanted():
        changed["OMP_NUM_THREADS"] = str(threads)
    before, main = dict(os.environ), sys.modules["__main__"]
    os.environ.update(changed)
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        for name in changed.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


def cause(code: int) -> str:
    """Why a process ended, from its exit code: negative for a signal."""
    if code >= 0:
        return f"exit code {code}"
    if -code == getattr(signal, "SIGKILL", None):
        return "killed; if nobody did, the machine ran out of memory"
    return signal.Signals(-code).name


def _serve(pipe: Connection) -> None:
    """A worker's loop: one task after another, until it is told to exit."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stop = Event()
    jobs: SimpleQueue[Job | None] = SimpleQueue()
    if hasattr(signal, "SIGHUP"):  # a terminal that closes: the commander asks to stop
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    Thread(target=_listen, args=(pipe, stop, jobs), daemon=True).start()
    while (job := jobs.get()) is not None:
        for event in attempt(job, stop):
            with suppress(OSError):  # the commander is gone: `_listen` has set `stop`
                pipe.send(event)


def _listen(pipe: Connection, stop: Event, jobs: "SimpleQueue[Job | None]") -> None:
    with suppress(EOFError, OSError):
        while True:
            said = pipe.recv()
            if said == STOP:
                stop.set()
            else:
                jobs.put(said)
    stop.set()
    jobs.put(None)
