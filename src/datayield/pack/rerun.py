"""One run of a pack, trained and evaluated again with the images, beside what the pack says."""

import random
import tempfile
from math import ceil
from pathlib import Path
from statistics import fmean
from typing import Literal, NamedTuple

from rich.console import Console

from datayield.pack.contents import STUDY_FILE
from datayield.pack.packed_study import PackedStudy
from datayield.session import Session, open_study
from datayield.spec.errors import (
    ConfigError,
    DataError,
    InterruptedRunError,
    TrainingError,
    refused,
)
from datayield.spec.identity import canonical
from datayield.spec.run import RunSpec
from datayield.store.folders import RunFolder, Store
from datayield.store.format import duration
from datayield.store.plan import Plan, Task


class ScoreAgain(NamedTuple):
    """The main metric of an evaluation: as packed, and as measured again.

    `spread`: the largest difference between two seeds of this kind of run in the pack; None where
    there is one seed.
    """

    eval: str
    share: float
    metric: str
    packed: float
    again: float
    spread: float | None

    @property
    def within(self) -> bool:
        """Whether both are equal, or differ by no more than two seeds do."""
        difference = abs(self.again - self.packed)
        return difference == 0 or (self.spread is not None and difference <= self.spread)


class Rerun(NamedTuple):
    """A run that was trained again. `equal`: all its metrics and weights are, bit for bit."""

    run: str
    label: str
    seconds: float  # that it took when it was recorded, with its evaluations
    device: str
    packed_device: str
    equal: bool
    scores: tuple[ScoreAgain, ...]

    @property
    def verdict(self) -> Literal["equal", "within the seeds", "different"]:
        """Bit-equal, or as another seed might be, or neither."""
        if self.equal:
            return "equal"
        return "within the seeds" if all(s.within for s in self.scores) else "different"


def rerun(
    pack: Path,
    folder: Path,
    packed: PackedStudy,
    console: Console,
    seed: int = 0,
    minutes: float | None = None,
) -> Rerun:
    """Train and evaluate a run of the pack that lies unpacked in `folder` again.

    It is drawn by `seed`: from those that took `minutes` at most, else from the cheapest kind of
    run. Relative paths of data begin where the pack is. Raises ConfigError where no run can be
    drawn, DataError where the images are missing or others than in the pack.
    """
    kinds = _kinds(packed)
    task, seconds = draw_run(packed, seed, minutes)
    with tempfile.TemporaryDirectory(prefix="datayield-again-", ignore_cleanup_errors=True) as name:
        session = open_study(
            str(folder / STUDY_FILE),
            packed.study.scale or None,
            Path(name),
            overrides=packed.study.overrides,
            folder=pack.absolute().parent,
        )
        _check_same(session, packed, task, pack)
        _train(session, task, console)
        old, new = packed.store.run(task.spec.id), session.store.run(task.spec.id)
        costs = old.run_cost(), new.run_cost()
        assert costs[0] is not None
        assert costs[1] is not None
        equal = costs[0].weights == costs[1].weights and _same_metrics(task, old, new)
        same_kind = [run for run, kind in kinds.items() if kind == kinds[task.spec.id]]
        scores = _scores(task, old, new, packed.store, same_kind)
        devices = costs[1].device, costs[0].device
        return Rerun(task.spec.id, task.label, seconds, *devices, equal, scores)


def _kinds(packed: PackedStudy) -> dict[str, str]:
    """Run -> its point of the axes but for the seed."""
    return {
        cell.run.id: canonical({axis: value for axis, value in cell.axes.items() if axis != "seed"})
        for cell in packed.cells
    }


def draw_run(packed: PackedStudy, seed: int, minutes: float | None) -> tuple[Task, float]:
    """A finished run as `rerun` draws it, and the seconds that it took, with earlier stages."""
    kinds = _kinds(packed)
    finished = [t for t in packed.plan().tasks if t.state == "done" and t.spec.id in kinds]
    took = {task.spec.id: _seconds(task, packed.store) for task in finished}
    if not finished:
        raise ConfigError(
            "no run of this pack is finished, so none can be run again",
            where="--images",
            hint="leave out --images",
        )
    if minutes is None:
        of_kind: dict[str, list[float]] = {}
        for run, seconds in took.items():
            of_kind.setdefault(kinds[run], []).append(seconds)
        cheapest = min(of_kind, key=lambda kind: fmean(of_kind[kind]))
        allowed = [task for task in finished if kinds[task.spec.id] == cheapest]
    else:
        allowed = [task for task in finished if took[task.spec.id] <= 60 * minutes]
    if not allowed:
        raise ConfigError(
            "no run of this pack took so little time",
            where="--minutes",
            got=minutes,
            allowed=f"{ceil(min(took.values()) / 0.6) / 100:g} or more",
            hint=f"the shortest took {duration(min(took.values()))} with its evaluations",
        )
    task = random.Random(seed).choice(sorted(allowed, key=lambda task: task.spec.id))
    return task, took[task.spec.id]


def _seconds(task: Task, store: Store) -> float:
    assert isinstance(task.spec, RunSpec)
    costs = (store.run(run.id).run_cost() for run in task.spec.chain)
    folder = store.run(task.spec.id)
    records = (folder.read_result(share, ev.id) for share, ev in task.evals)
    return sum(each.seconds for each in (*costs, *records) if each is not None)


def _check_same(session: Session, packed: PackedStudy, task: Task, pack: Path) -> None:
    """Raises DataError unless study file and images give the runs and evaluations of the pack."""
    if session.missing:
        raise refused(session.missing)
    runs = zip(packed.cells, session.cells, strict=False)
    others = abs(len(packed.cells) - len(session.cells))
    others += sum(there.run.id != here.run.id for there, here in runs)
    here = {ev.spec.id for ev in session.study.evaluations}
    tests = sorted({ev.name for _, ev in task.evals if ev.id not in here})
    if others or tests:
        got = f"{others} of {len(packed.cells)} runs have other ids"
        raise DataError(
            "the study file and the images found here do not give the runs of the pack",
            where=str(pack),
            got=f"{got}; other evaluations: {', '.join(tests)}" if tests else got,
            hint="paths begin at the pack's folder, names at DATAYIELD_DATA: datayield doctor "
            "--data shows which images are found there",
        )


def _train(session: Session, task: Task, console: Console) -> None:
    """Do the task, and those that it starts from, in the store of `session`."""
    assert isinstance(task.spec, RunSpec)
    wanted = {run.id for run in task.spec.chain}
    plan = session.plan()
    tasks = tuple(each._replace(part=None) for each in plan.tasks if each.spec.id in wanted)
    outcome = session.run(Plan(tasks, plan.records), console)
    if outcome.failed:
        label, message = outcome.failed[0]
        raise TrainingError("the run could not be trained again", where=label, got=message)
    if outcome.stopped:
        raise InterruptedRunError("stopped; nothing of the run is kept")


def _same_metrics(task: Task, old: RunFolder, new: RunFolder) -> bool:
    return all(
        old.read_measured(share, ev.id) == new.read_measured(share, ev.id)
        for share, ev in task.evals
    )


def _scores(
    task: Task, old: RunFolder, new: RunFolder, store: Store, same_kind: list[str]
) -> tuple[ScoreAgain, ...]:
    scores = []
    for share, ev in task.evals:
        metric, measured = ev.main_metric, (old, new, *map(store.run, same_kind))
        records = [folder.read_measured(share, ev.id) for folder in measured]
        packed, again, *seeds = (r.metrics.get(metric) if r else None for r in records)
        if packed is None or again is None:
            continue
        values = [value for value in seeds if value is not None]
        spread = max(values) - min(values) if len(values) > 1 else None
        scores.append(ScoreAgain(ev.name, share, metric, packed, again, spread))
    return tuple(scores)
