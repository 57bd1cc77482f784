"""The job that a scheduler gives to an engine, the events it gets back, and the engine protocol."""

from collections.abc import Iterable
from typing import Literal, NamedTuple, Protocol

from datayield.run.loop import Tick
from datayield.store.folders import Store
from datayield.store.plan import Task
from datayield.store.records import ResultRecord


class Job(NamedTuple):
    """A task, and everything a process needs to run it. It can be sent to another machine."""

    task: Task
    store: Store
    device: str
    save_seconds: float
    jobs: int = 1  # that share the device with it
    processes: int = 1  # that torchrun starts for it
    lock_timeout: float = 0.0  # seconds to wait for the lock of a worker that was lost
    beside: tuple[Task, ...] = ()  # runs of the same shape to pretrain with it, as one network
    stack: tuple[str, ...] = ()  # ids of that network's runs, by their places; empty: it is alone


class TaskEnd(NamedTuple):
    """How an attempt ended. `lost`: its process or machine is gone, so it may be retried."""

    how: Literal["done", "failed", "busy", "stopped", "lost"]
    message: str = ""


TaskEvent = Tick | ResultRecord | str | TaskEnd  # a str is a note for a person


class Engine(Protocol):
    """Somewhere to run tasks. `start` returns at once; `poll` after a second at most."""

    slots: int  # tasks at once
    sharing: int  # of those, how many share a device or the cores

    def start(self, job: Job) -> None:
        """Begin a task."""

    def poll(self) -> Iterable[tuple[str, TaskEvent]]:
        """Events since the last call: run ids, each with progress, a result or its end."""

    def stop(self) -> None:
        """Make all running tasks save and stop."""

    def close(self) -> None:
        """Shut down all workers; what still runs is killed."""
