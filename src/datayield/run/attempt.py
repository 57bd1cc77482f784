"""One attempt at a task, in whatever process an engine chose: `work`, and how it ended."""

import traceback
from collections.abc import Iterator
from threading import Event
from typing import Literal, NamedTuple

import torch

from datayield.nets.gather import world
from datayield.run.pretrain import Tick
from datayield.run.work import work
from datayield.spec.errors import BusyError, DatayieldError, InterruptedRunError
from datayield.store.folders import Store
from datayield.store.plan import Task
from datayield.store.records import ResultRecord


class Job(NamedTuple):
    """A task, and all that a process needs to work on it. It can be sent to another machine."""

    task: Task
    store: Store
    device: str
    save_seconds: float
    jobs: int = 1  # that share the device with it
    processes: int = 1  # that torchrun starts for it
    patience: float = 0.0  # seconds to wait for the claim of a worker that was lost


class Ended(NamedTuple):
    """How an attempt ended. `lost`: its process or machine is gone, so another may be made."""

    how: Literal["done", "failed", "busy", "stopped", "lost"]
    message: str = ""


Happening = Tick | ResultRecord | str | Ended  # a str is a note for a person


def attempt(job: Job, stop: Event) -> Iterator[Happening]:
    """Progress and results as they come; `Ended` is the last. Errors of the program are raised."""
    device = torch.device(job.device)
    try:
        yield from work(job.task, job.store, device, stop, job.save_seconds, job.jobs, job.patience)
    except InterruptedRunError as pause:
        yield Ended("stopped", pause.text())
    except BusyError as error:
        yield Ended("busy", error.text())
    except DatayieldError as error:
        yield Ended("failed", error.text())
    else:
        yield Ended("done")


def isolated(job: Job, stop: Event) -> Iterator[Happening]:
    """As `attempt`, for a process of its own: an error of the program ends only this task.

    Raised where several processes are at the task: the others are still in the step.
    """
    try:
        yield from attempt(job, stop)
    except Exception:
        if world() > 1:
            raise
        yield Ended("failed", traceback.format_exc())
