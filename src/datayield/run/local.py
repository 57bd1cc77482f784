"""The local executor: tasks one after another, in this process."""

from collections.abc import Iterator
from typing import NamedTuple

import torch

from datayield.evals import needs_train
from datayield.nets.encoder import build
from datayield.run.evaluate import check_label
from datayield.run.images import Fit, arrays_of, check_classes, check_count
from datayield.run.interrupt import interruptible
from datayield.run.progress import Display
from datayield.run.work import work
from datayield.spec.errors import DatayieldError, InterruptedRunError, StoreError
from datayield.spec.run import RunSpec
from datayield.store.folders import Store
from datayield.store.plan import Plan, Task


class Outcome(NamedTuple):
    """What became of a study's tasks."""

    done: int
    failed: tuple[tuple[str, str], ...]  # label, message
    busy: tuple[str, ...]  # labels of runs that another process holds
    stopped: bool


def run_all(
    plan: Plan, store: Store, device: torch.device, display: Display, save_seconds: float = 60.0
) -> Outcome:
    """Work through `plan.todo`. A run that fails does not stop the others."""
    failed: list[tuple[str, str]] = []
    busy: list[str] = []
    done = 0
    with interruptible(display.say) as stop:
        _decode(plan, display)
        _check(plan)
        for task in plan.todo:
            display.start(task)
            try:
                for event in work(task, store, device, stop, save_seconds):
                    display.show(task, event)
            except InterruptedRunError as pause:
                display.say(pause.text())
                return Outcome(done, tuple(failed), tuple(busy), stopped=True)
            except StoreError as error:
                (
                    busy.append(task.label)
                    if task.state == "running"
                    else failed.append((task.label, error.text()))
                )
                display.say(f"{task.label}: {error.text()}")
            except DatayieldError as error:
                failed.append((task.label, error.text()))
                display.say(f"{task.label}: {error.text()}")
            else:
                done += 1
            display.finish(task)
            if stop.is_set():
                return Outcome(done, tuple(failed), tuple(busy), stopped=True)
    return Outcome(done, tuple(failed), tuple(busy), stopped=False)


def _decode(plan: Plan, display: Display) -> None:
    """Decode every split that the tasks read, before any of them starts."""
    for dataset, split, size, fit, fly in dict.fromkeys(s for t in plan.todo for s in _splits(t)):
        with display.decoding(f"{dataset} {split} at {size} px") as progress:
            arrays = arrays_of(dataset, split, size, fit, progress, fly)
        if arrays.skipped:
            names = ", ".join(f"{item.name} ({item.reason})" for item in arrays.skipped[:3])
            more = f" and {len(arrays.skipped) - 3} more" if len(arrays.skipped) > 3 else ""
            display.say(
                f"{dataset} {split}: {len(arrays.skipped)} of {arrays.listed} images "
                f"are left out: {names}{more} (datayield doctor --data lists them)"
            )


def _check(plan: Plan) -> None:
    """What can be known to fail is refused before hours are spent: encoders and labels."""
    for task in plan.todo:
        if isinstance(task.spec, RunSpec) and task.share_left > 0:
            published = task.spec.init == "pretrained"
            if published or task.spec.encoder.name.startswith("timm/"):
                build(task.spec.encoder, 0, published)
            check_count(task.spec.data)
            check_classes(task.spec)
        for _, ev in task.owed:
            if needs_train(ev.protocol):
                check_label(ev)


def _splits(task: Task) -> Iterator[tuple[str, str, int, Fit, bool]]:
    """What a task reads; what it pretrains on may be decoded on the fly."""
    if isinstance(task.spec, RunSpec) and task.share_left > 0:
        data = task.spec.data
        yield data.dataset, data.split, data.size, data.fit, True
    for _, ev in task.owed:
        for split in ev.splits:
            yield ev.dataset, split, ev.size, ev.fit, False
