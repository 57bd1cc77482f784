"""Bring one task from any state to done: the single entry point for every executor."""

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Event

import torch

from datayield.nets.distributed import world_size
from datayield.run.beside import encoder_before, joined, stack_begun, train_in_memory
from datayield.run.damage import set_aside_damaged
from datayield.run.distributed import order_followers
from datayield.run.evaluation.evaluate import evaluate
from datayield.run.failures import unexpected, write_failure
from datayield.run.job import Job, TaskEnd, TaskEvent
from datayield.run.loop import (
    Member,
    Tick,
    restore_threads,
    take_over,
)
from datayield.run.training_data import training_data_of
from datayield.spec.errors import (
    BusyError,
    DataError,
    DatayieldError,
    InterruptedRunError,
)
from datayield.spec.run import RunSpec, flops_per_image
from datayield.store.collapse import Collapse, in_words, signs_of
from datayield.store.estimate import pretraining
from datayield.store.folders import RunFolder, Store
from datayield.store.plan import Task, as_of_now
from datayield.store.records import ResultRecord
from datayield.store.run_lock import holder, holder_words, run_lock
from datayield.store.speeds import Speeds, eval_key, kind_of
from datayield.store.trunk import forget


def run_task(
    task: Task,
    store: Store,
    device: torch.device,
    stop: Event,
    save_seconds: float = 60.0,
    jobs: int = 1,
    lock_timeout: float = 0.0,
    beside: tuple[Task, ...] = (),
    stack: tuple[str, ...] = (),
) -> Iterator[Tick | ResultRecord | str]:
    """Pretrain what is left, then run pending evaluations; yields progress, results and notes.

    Idempotent: finished work is not repeated. A failure is recorded in the run's folder and raised.
    Raises InterruptedRunError when `stop` is set, with everything saved, and BusyError if another
    process holds the run for `lock_timeout` seconds. `jobs`: tasks on the same device. `beside`:
    runs to pretrain with it as one network, as far as they are free; they are not evaluated.
    `stack`: ids of that network's runs, by their places, if this one has not begun in another.
    """
    home = store.run(task.spec.id).path
    if lock_timeout > 0 and holder(home) == "running":
        yield f"{task.label}: waiting up to 3 minutes for {holder_words(home)}, which holds the run"
    with run_lock(home, lock_timeout, stop) as lock:
        folder = store.run(task.spec.id)._replace(lock=lock)
        folder.sweep()
        folder.failure.unlink(missing_ok=True)
        try:
            yield from set_aside_damaged(task, folder)
            task = as_of_now(task, store)
            note = folder.write_spec(task.spec)
            if note:
                yield note
            speeds = Speeds(kind_of(device.type, jobs))
            if isinstance(task.spec, RunSpec) and task.share_left > 0:
                stack = stack_begun(folder, stack) if world_size() == 1 else ()
                beside = beside if stack else ()
                with joined(beside, task, store, device, stack) as others:
                    train = partial(
                        train_in_memory, stack=stack, stop=stop, save_seconds=save_seconds
                    )
                    yield from _pretrain(
                        task, task.spec, store, folder, speeds, device, train, others
                    )
            for record in evaluate(task.spec, folder, task.pending, device):
                ev = next(ev for _, ev in task.pending if ev.id == record.eval_id)
                speeds.add(eval_key(task.spec.encoder, ev), record.seconds, "run")
                yield record
                if stop.is_set():
                    raise InterruptedRunError(
                        "stopped between two evaluations; everything is saved",
                        hint="run the same command to continue",
                    )
        except (InterruptedRunError, BusyError):
            raise
        except DatayieldError as error:
            write_failure(folder, error)
            raise
        except Exception as error:
            failure = unexpected(error, task.label, folder, device)
            write_failure(folder, failure)
            if (
                world_size() > 1
            ):  # the others are still in the step: this process must end, and they
                raise SystemExit(failure.text()) from error
            raise failure from error


def _pretrain(
    task: Task,
    spec: RunSpec,
    store: Store,
    folder: RunFolder,
    speeds: Speeds,
    device: torch.device,
    train: Callable[[list[Member]], Iterator[Tick | str]],
    others: list[Member],
) -> Iterator[Tick | str]:
    expected = pretraining(spec, 1.0, speeds)
    estimate = (expected.low, expected.likely, expected.high) if expected else None
    data = training_data_of(spec, device)
    if task.part is not None:
        take_over(spec, store, folder, data.digests, task.shares, estimate)
    weights = None if folder.has_state() else encoder_before(spec, store)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    folder.remove(folder.path / "spent.json")  # a replay, for a checkpoint not kept
    order_followers(spec, data, folder, weights)
    if data.note:
        yield data.note
    branches = _branches(task, spec, store)
    first = Member(spec, data, folder, task.shares, device, weights, estimate, branches, task.label)
    with closing(data.images), restore_threads():
        try:
            yield from train([first, *others])
        except DataError as error:
            if world_size() > 1:  # the others are still in the step, as when memory is short
                write_failure(folder, error)
                raise SystemExit(error.text()) from error
            raise
    if task.part is not None and spec.trunk is not None:
        forget(store, spec.trunk, task.part.runs, folder)
    if first.compiled is not None and first.compiled.problem:
        yield f"warning  trained without torch.compile: {first.compiled.problem}"
    for run in (first, *others):
        check = run.folder.training_check()
        if signs := signs_of(check):
            collapse = Collapse(run.spec.id, run.label, run.spec.method.name, signs, check)
            yield f"warning  {in_words(collapse)}"
    spent = folder.run_cost()
    if spent is not None and spent.stacked == 1 and not spent.compiled:
        per_image, flops = spent.seconds / spent.images, flops_per_image(spec)
        speeds.add(spent.speed_key, per_image, "run", flops, spec.encoder.name)


def _branches(task: Task, spec: RunSpec, store: Store) -> dict[int, Path]:
    """Where to save the state for other runs of the trunk."""
    if task.part is None or spec.trunk is None:
        return {}
    return {step: store.trunk(spec.trunk) / f"{step}.pt" for step in task.part.leaves}


def attempt(job: Job, stop: Event) -> Iterator[TaskEvent]:
    """Progress and results as they come, `TaskEnd` last. An error of any kind ends only this task.

    If several processes run the task, one that is not the project's own is raised, since the others
    are still in the step.
    """
    try:
        device = torch.device(job.device)
        yield from run_task(
            job.task,
            job.store,
            device,
            stop,
            job.save_seconds,
            job.jobs,
            job.lock_timeout,
            job.beside,
            job.stack,
        )
    except InterruptedRunError as pause:
        yield TaskEnd("stopped", pause.text())
    except BusyError as error:
        yield TaskEnd("busy", error.text())
    except DatayieldError as error:
        yield TaskEnd("failed", error.text())
    except Exception as error:  # outside of what `run_task` records: the run's folder itself
        if world_size() > 1:
            raise
        yield TaskEnd("failed", f"unexpected: {type(error).__name__}: {error}")
    else:
        yield TaskEnd("done")
