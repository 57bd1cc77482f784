"""The plan: all work of a study, which part of it is pending, and why."""

from typing import Literal, NamedTuple

from datayield.spec.evaluation import EvalSpec
from datayield.spec.run import BaselineSpec, EncoderSpec, RunSpec, WeightsFile, short_number
from datayield.spec.study import Cell, Study, in_words
from datayield.store.estimate import (
    NOTHING,
    EvalAt,
    ItemCounts,
    TimeEstimate,
    evaluations,
    pretraining,
)
from datayield.store.folders import RunFolder, Store
from datayield.store.kept_records import KeptRecords, RunRecords
from datayield.store.run_lock import holder, holder_words
from datayield.store.speeds import Speeds
from datayield.store.trunk import TrunkMember, TrunkPart, parts, shortest_first, steps_there

State = Literal["done", "missing", "partial", "evaluate", "running", "failed"]
NO_COUNTS: ItemCounts = {}


class Task(NamedTuple):
    """One run or baseline with all its evaluations: the unit of work of every executor."""

    spec: RunSpec | BaselineSpec
    label: str
    evals: tuple[EvalAt, ...]
    state: State
    why: str
    pending: tuple[EvalAt, ...]  # evaluations without a result
    share_left: float  # of the pretraining
    estimate: TimeEstimate | None  # of what is left; None: nothing comparable was timed before
    leads_on: bool = False  # whether other runs of the study start from its last encoder
    part: TrunkPart | None = None  # in a trunk, if the run has one
    side: int | None = None  # in pixels, at which a baseline reads images if not the evaluation's

    @property
    def to_train(self) -> float:
        """Fraction of the budget that it will train itself, without what it reuses."""
        if self.part is None or not isinstance(self.spec, RunSpec):
            return self.share_left
        return self.share_left - self.part.start / self.spec.steps

    def size_key(self, ev: EvalSpec) -> str:
        """Where the study states the side at which `ev` reads images."""
        own = f"baselines ({self.label}): encoder.size"
        return own if self.side else f"evaluations ({ev.name}): size"

    @property
    def shares(self) -> tuple[float, ...]:
        """Fractions of the budget at which the encoder is kept."""
        last = {1.0} if self.leads_on else set()
        return tuple(sorted({share for share, _ in self.evals} | last))


class Plan(NamedTuple):
    """All tasks of a study, baselines first; a run comes after those that it starts from.

    `records`: those that planning has read, where they are kept.
    """

    tasks: tuple[Task, ...]
    records: KeptRecords

    @property
    def todo(self) -> list[Task]:
        """Tasks that are not done."""
        return [task for task in self.tasks if task.state != "done"]

    @property
    def done(self) -> int:
        """Number of tasks that are done."""
        return len(self.tasks) - len(self.todo)

    @property
    def estimate(self) -> TimeEstimate | None:
        """Seconds for all pending tasks in sequence; None if one is unknown."""
        total = NOTHING
        for task in self.todo:
            if task.estimate is None:
                return None
            total += task.estimate
        return total

    @property
    def trunks(self) -> dict[str, tuple[str, ...]]:
        """The ids of the runs that share a trunk, by the trunk's digest."""
        return {
            task.spec.trunk: task.part.runs
            for task in self.tasks
            if isinstance(task.spec, RunSpec) and task.spec.trunk and task.part
        }


def make_plan(
    study: Study,
    cells: list[Cell],
    store: Store,
    speeds: Speeds,
    counts: ItemCounts = NO_COUNTS,
    *,
    keep: bool = False,
) -> Plan:
    """Compare what the study requires with what the store holds, whose records are checked.

    `keep`: keep what is read of them, for results that are collected from this plan.
    """
    records = KeptRecords(store, keep=keep)
    evals_of: dict[str, dict[tuple[float, str], EvalAt]] = {}
    runs: dict[str, tuple[RunSpec, str]] = {}
    axes = {cell.run.id: cell.axes_label for cell in cells}
    for cell in shortest_first(cells):
        runs.update({run.id: (run, axes.get(run.id, "")) for run in cell.run.chain})
        pending = evals_of.setdefault(cell.run.id, {})
        pending.update({(pair[0], pair[1].id): pair for pair in study.evals_of(cell)})
    tasks = []
    for spec in study.baseline_specs(cells):
        if evals := study.evals_of_baseline(spec):
            side = study.side_of(spec)
            name = label(spec) if side is None else f"{label(spec)} at {side} px"
            task = _task(spec, name, evals, records.of(spec.id), speeds, counts)
            tasks.append(task._replace(side=side))
    later: dict[str, Task] = {}
    wanted: dict[str, bool] = {}  # run that others start from -> whether one of them will train
    for i, (run, varied) in reversed(runs.items()):
        evals = tuple(evals_of.get(i, {}).values())
        task = _task(run, label(run, varied), evals, records.of(i), speeds, counts, wanted.get(i))
        later[i] = task
        if run.before is not None:
            start = run.before.id
            wanted[start] = wanted.get(start, False) or task.share_left > 0
    runs_tasks = _with_trunks([*reversed(later.values())], store, speeds, counts)
    return Plan((*tasks, *runs_tasks), records)


def _with_trunks(tasks: list[Task], store: Store, speeds: Speeds, counts: ItemCounts) -> list[Task]:
    """The same tasks, with the trunk part of those that have one."""
    trunks: dict[str, list[int]] = {}
    for at, task in enumerate(tasks):
        if isinstance(task.spec, RunSpec) and task.spec.trunk is not None:
            trunks.setdefault(task.spec.trunk, []).append(at)
    for trunk, places in trunks.items():
        members = []
        for at in places:
            spec, task = tasks[at].spec, tasks[at]
            assert isinstance(spec, RunSpec)
            members.append(TrunkMember(spec, task.shares, task.share_left, task.state == "running"))
        for at, part in zip(places, parts(members, steps_there(store, trunk)), strict=True):
            tasks[at] = task = tasks[at]._replace(part=part)
            if part.start and isinstance(task.spec, RunSpec):
                why = f"{task.why}; resumes from {part.start / task.spec.steps:.0%} of the budget"
                left = _estimate(task.spec, task.pending, task.to_train, speeds, counts)
                tasks[at] = task._replace(why=why, estimate=left)
    return tasks


def as_of_now(task: Task, store: Store) -> Task:
    """The task updated from the store: what another process has done since is not repeated."""
    folder = store.run(task.spec.id)
    pending = tuple(pair for pair in task.pending if not folder.has_result(pair[0], pair[1].id))
    wanted = task.leads_on and task.share_left > 0
    left, _ = _training_left(task.spec, pending, RunRecords(folder), wanted)
    if not pending and task.share_left == 0:
        left = 0.0
    return task._replace(pending=pending, share_left=left)


def label(spec: RunSpec | BaselineSpec, axes: str = "") -> str:
    """A run as text, for tables and messages; `axes` names what else varies."""
    if isinstance(spec, BaselineSpec):
        if spec.encoder is None:
            return "raw pixels"
        if spec.name == "pretrained":
            return f"pretrained {spec.encoder.name}"
        if spec.weights is not None:
            return f"weights {spec.weights.name}"
        return f"untrained {spec.encoder.name} seed {spec.seed}"
    n = short_number(spec.data.count) if spec.data.count else "all"
    words = [spec.method.name, f"n={n}", f"C={short_number(spec.images)}", f"seed {spec.seed}"]
    if not axes and spec.before is not None:
        axes = f"init={in_words(spec.before)}"
    elif not axes and isinstance(spec.init, WeightsFile):
        axes = f"init={spec.init.name}"
    return " ".join(filter(None, (*words, axes)))


def _task(
    spec: RunSpec | BaselineSpec,
    name: str,
    evals: tuple[EvalAt, ...],
    records: RunRecords,
    speeds: Speeds,
    counts: ItemCounts,
    wanted: bool | None = None,
) -> Task:
    """`wanted`: whether a run that starts from this one will train; None if none does."""
    folder = records.folder
    pending = tuple((s, ev) for s, ev in evals if not records.has_result(s, ev.id))
    left, why = _training_left(spec, pending, records, bool(wanted))
    if left and not evals and wanted is False:  # all that start from it have started
        left, why = 0.0, ""
    state: State = "done"
    if left > 0:
        state = "partial" if left < 1 else "missing"
    elif pending:
        state = "evaluate"
        why = _which(pending, evals, folder)
    if state != "done":
        failure = folder.failed()
        if failure is not None:
            state, why = "failed", f"failed: {failure.message}".splitlines()[0]
        if holder(folder.path) == "running":
            state, why = "running", f"locked by {holder_words(folder.path)}"
    estimate = _estimate(spec, pending, left, speeds, counts)
    return Task(spec, name, evals, state, why, pending, left, estimate, wanted is not None)


def _which(pending: tuple[EvalAt, ...], evals: tuple[EvalAt, ...], folder: RunFolder) -> str:
    for share, ev in pending:
        wrong = folder.damaged(share, ev.id)
        if wrong:
            return f"a record is damaged: {folder.result(share, ev.id)} ({wrong})"
    if len(pending) == len(evals):
        return "never evaluated"
    names = list(dict.fromkeys(f"{ev.name} ({ev.protocol})" for _, ev in pending))
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return f"not yet evaluated: {', '.join(names[:2])}{more}"


def _training_left(
    spec: RunSpec | BaselineSpec, pending: tuple[EvalAt, ...], records: RunRecords, wanted: bool
) -> tuple[float, str]:
    if isinstance(spec, BaselineSpec):
        return 0.0, ""
    folder = records.folder
    if records.has_cost():
        needed = {s for s, _ in pending} | ({1.0} if wanted else set())
        lost = [s for s in needed if not folder.has_checkpoint(s)]
        if lost:
            return 1.0, f"no checkpoint at {min(lost):.0%} of the budget; it will be recomputed"
        return 0.0, ""
    progress = folder.progress()
    if progress is None or not folder.has_state():
        wrong = folder.damaged_run_cost()
        return 1.0, f"damaged: {folder.path / 'spent.json'} ({wrong})" if wrong else "never run"
    done = progress.step / progress.steps
    return 1 - done, f"stopped at {done:.0%} of the budget"


def _estimate(
    spec: RunSpec | BaselineSpec,
    pending: tuple[EvalAt, ...],
    left: float,
    speeds: Speeds,
    counts: ItemCounts,
) -> TimeEstimate | None:
    encoder: EncoderSpec | None = spec.encoder
    parts = evaluations(encoder, pending, speeds, counts)
    if left > 0 and isinstance(spec, RunSpec):
        parts.append(pretraining(spec, left, speeds))
    total = NOTHING
    for part in parts:
        if part is None:
            return None
        total += part
    return total
