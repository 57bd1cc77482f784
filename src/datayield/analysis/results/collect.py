"""From finished records in the store to the tidy rows of a study."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from datayield.analysis.results.items import StudyItems
from datayield.analysis.results.results import StudyResults
from datayield.analysis.results.rows import Row, RunCost
from datayield.analysis.results.task_groups import group_rows
from datayield.spec.evaluation import EvalSpec
from datayield.spec.run import BaselineSpec, EncoderSpec, RunSpec
from datayield.spec.study import Cell, NamedAxes, Study
from datayield.store.collapse import BesideUntrained, Collapse
from datayield.store.folders import Store
from datayield.store.kept_records import RunRecords
from datayield.store.log import read_log
from datayield.store.plan import Plan, label
from datayield.store.records import Measured, Spent, TrainingCheckRecord


def collect(study: Study, cells: list[Cell], plan: Plan, store: Store) -> StudyResults:
    """All results of this study in the store, and a description of what is still missing.

    A run that two cells share appears in both. The plan forgets the records that it kept. Raises
    StoreError for a damaged record.
    """
    rows: list[Row] = []
    among = {cell.run.encoder for cell in cells}
    encoders = {encoder: _variant(encoder, among) for encoder in among}
    bases = study.baseline_specs(cells)
    sides = {spec.id: side for spec in bases if (side := study.side_of(spec))}
    files = _file_names([spec for spec in bases if spec.weights is not None], sides)
    for spec in bases:
        of = encoders.get(spec.encoder, "") if spec.encoder else ""
        rows += _baseline_rows(study, spec, files.get(spec.id, of), plan.records.of(spec.id))
    spent, versions = [], {}
    distinct: dict[str, int] = {}
    axes = {cell.run.id: cell.axes_label for cell in cells}
    runs = {run.id: run for cell in cells for run in cell.run.chain}
    beside = BesideUntrained(plan)
    known = runs.keys() | beside.trained.keys()
    checks = {
        run: check for run in known if (check := plan.records.of(run).folder.training_check())
    }
    for run in runs.values():
        record = plan.records.of(run.id).cost()
        if record is not None:
            spent.append(_spent(run, axes.get(run.id, ""), record))
            versions = record.versions
            distinct[run.id] = record.distinct or 0
    judged: dict[str, Collapse | None] = {}
    same: dict[Any, Any] = {}
    for cell in cells:
        run_id = cell.run.id
        if run_id in beside.trained and run_id not in judged:
            task = beside.trained[run_id]
            judged[run_id] = beside.collapse(task, checks.get(run_id))
        copies_once = distinct.get(run_id, 0)
        lost = judged.get(run_id) is not None
        rows += _cell_rows(study, cell, encoders, plan.records.of(run_id), copies_once, lost, same)
        plan.records.forget(run_id)  # the rows hold all that is needed of them
    for run_id, task in beside.trained.items():
        if run_id not in judged:  # a stage that others start from
            judged[run_id] = beside.collapse(task, checks.get(run_id))
    collapsed = {run_id: each for run_id in beside.trained if (each := judged[run_id])}
    spent = [_with_check(cost, checks.get(cost.run), collapsed) for cost in spent]
    rows += list(group_rows(study, rows))
    missing = tuple(f"{task.label}: {task.why}" for task in plan.todo)
    losses = {
        cell.run.id: _losses(store.run(cell.run.id).log, {s for s, _ in study.evals_of(cell)})
        for cell in cells
        if cell.run.method.loss_ranks_encoders
    }
    return StudyResults(
        study,
        tuple(rows),
        tuple(spent),
        missing,
        versions,
        runs,
        losses,
        _count_words(cells),
        init_words=_init_words(cells),
        collapsed=tuple(collapsed.values()),
        items=StudyItems(study, store, sides=sides),
    )


def _count_words(cells: list[Cell]) -> dict[tuple[NamedAxes, int], str]:
    """See `StudyResults.count_words`."""
    return {
        (cell.named_axes, cell.run.data.count or 0): cell.value("data.count")
        for cell in cells
        if not isinstance(cell.axes.get("data.count", 0), int)
    }


def _init_words(cells: list[Cell]) -> tuple[str, ...]:
    """See `StudyResults.init_words`."""
    return tuple(dict.fromkeys(cell.value("init") for cell in cells if "init" in cell.axes))


def _losses(log: Path, shares: set[float]) -> dict[float, float]:
    """The training loss last logged at or before each share: a mean over the steps before it."""
    lines = read_log(log)
    losses = {}
    for share in shares:
        until = [line["loss"] for line in lines if line["share"] <= share + 1e-6]
        if until:
            losses[share] = float(until[-1])
    return losses


def _cell_rows(
    study: Study,
    cell: Cell,
    encoders: dict[EncoderSpec, str],
    records: RunRecords,
    distinct: int,
    collapsed: bool,
    same: dict[Any, Any],
) -> Iterator[Row]:
    """`same` keeps one of all equal budgets and axes: what groups rows compares them often."""
    run, axes = cell.run, cell.named_axes
    budget, axes = same.setdefault(cell.budget, cell.budget), same.setdefault(axes, axes)
    n, words, encoder = run.data.count or 0, run.data.words, encoders[run.encoder]
    of_run = run.id, "run", run.method.name, encoder, words, n, budget, run.images
    for share, ev in study.evals_of(cell):
        record = records.result(share, ev.id)
        if record is not None:
            head = *of_run, share, axes, run.seed
            yield from _rows(head, ev, record, distinct, collapsed)


def _baseline_rows(
    study: Study, spec: BaselineSpec, encoder: str, records: RunRecords
) -> Iterator[Row]:
    for share, ev in study.evals_of_baseline(spec):
        record = records.result(share, ev.id)
        if record is not None:
            head = spec.id, spec.name, "", encoder, "", 0, None, 0, share, (), spec.seed
            yield from _rows(head, ev, record)


def _file_names(specs: list[BaselineSpec], sides: Mapping[str, int]) -> dict[str, str]:
    """Baseline -> what its file of weights is called, each by a name of its own.

    `sides`: those in pixels at which baselines read images, of those that have one of their own.
    """
    among = {spec.encoder for spec in specs if spec.encoder}
    at = {spec.id: f" at {sides[spec.id]} px" if spec.id in sides else "" for spec in specs}
    short = {spec.id: spec.weights.name + at[spec.id] for spec in specs if spec.weights}
    long = {
        spec.id: f"{short[spec.id]} {_variant(spec.encoder, among)}"
        for spec in specs
        if spec.encoder
    }
    names = {}
    for spec_id, name in short.items():
        if [*short.values()].count(name) > 1:
            name = long[spec_id]
            if [*long.values()].count(name) > 1:
                name = f"{name} {spec_id}"
        names[spec_id] = name
    return names


def _variant(encoder: EncoderSpec, among: set[EncoderSpec]) -> str:
    """The encoder's name, with the settings that distinguish it from others of that name."""
    same = [other.model_dump() for other in among if other.name == encoder.name]
    differing = [
        f"{knob}={value}"
        for knob, value in encoder.model_dump().items()
        if any(other[knob] != value for other in same)
    ]
    return " ".join([encoder.name, *differing])


def _rows(
    head: tuple[Any, ...],
    ev: EvalSpec,
    record: Measured,
    distinct: int = 0,
    collapsed: bool = False,
) -> Iterator[Row]:
    """One row per metric. `head`: its fields up to the seed; by place, as rows are millions."""
    named = ev.name, ev.protocol, ev.group
    for metric, value in record.metrics.items():
        interval = record.intervals.get(metric, (None, None))
        items = record.n_test, record.n_train
        yield Row._make((*head, *named, metric, value, *items, *interval, distinct, collapsed, ()))


def _spent(run: RunSpec, axes: str, record: Spent) -> RunCost:
    return RunCost(
        run=run.id,
        label=label(run, axes),
        images_asked=record.images_asked,
        images=record.images,
        views=record.views,
        flops=record.flops,
        seconds=record.seconds,
        estimate_seconds=record.estimate[1] if record.estimate else None,
        images_per_second=record.images / max(record.seconds, 1e-9),
        data_wait=record.wait_seconds / max(record.seconds, 1e-9),
        peak_memory=record.peak_memory,
        device=record.device,
        shared_images=record.shared.images if record.shared else 0,
        shared_seconds=record.shared.seconds if record.shared else 0.0,
        finished=record.finished,
    )


def _with_check(
    cost: RunCost, check: TrainingCheckRecord | None, collapsed: dict[str, Collapse]
) -> RunCost:
    """The cost of a run beside what was seen of its features and its loss."""
    signs = collapsed[cost.run].signs if cost.run in collapsed else ()
    if check is None:
        return replace(cost, signs=signs)
    return replace(
        cost,
        effective_rank=check.trained.rank if check.trained else None,
        untrained_rank=check.untrained.rank if check.untrained else None,
        weight_growth=check.growth,
        loss_change=check.loss_change,
        signs=signs,
    )
