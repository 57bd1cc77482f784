"""Plans and states as text for a terminal of 80 columns, and as JSON."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from datayield.analysis.format import plural
from datayield.analysis.planned_power import PlannedPower
from datayield.report.terminal.collapse import collapse_json, show_collapsed
from datayield.report.terminal.overrides import show_overrides
from datayield.report.terminal.power import power_json, power_words
from datayield.report.terminal.seed_groups import Together, together
from datayield.spec.errors import DatayieldError
from datayield.spec.run import RunSpec, flops_per_image
from datayield.spec.study import Study
from datayield.store.collapse import Collapse
from datayield.store.disk_usage import checkpoint_bytes
from datayield.store.estimate import NOTHING, TimeEstimate
from datayield.store.estimate_basis import EstimateBasis
from datayield.store.format import duration, three_digits
from datayield.store.plan import Plan, Task
from datayield.store.planned_time import PlannedTime

SCHEMA_VERSION = 1
LINES = 24
_FIRST = ("failed", "running", "partial", "evaluate", "missing", "done")


def plan_json(
    study: Study,
    plan: Plan,
    warnings: Sequence[str],
    decoded: int,
    time: PlannedTime,
    power: Sequence[PlannedPower] = (),
    refusals: Sequence[DatayieldError] = (),
) -> dict[str, Any]:
    """The plan as JSON."""
    return {
        "schema_version": SCHEMA_VERSION,
        "study": study.name,
        "overrides": dict(study.overrides),
        "tasks": [_task_json(task) for task in plan.tasks],
        "todo": len(plan.todo),
        "images": sum(_images(task) for task in plan.todo),
        "images_taken_over": _taken_over(plan),
        "flops": _total_flops(plan.todo),
        "seconds": _seconds_json(plan.estimate),
        "basis": time.basis._asdict() | {"donors": list(time.basis.donors)},
        "at_once": {"jobs": time.jobs, "seconds": _seconds_json(time.seconds)},
        "power": [power_json(each) for each in power],
        "disk_bytes": {"decoded": decoded, "store": checkpoint_bytes(plan)},
        "warnings": list(warnings),
        "refusals": [refusal.parts() for refusal in refusals],
    }


def show_plan(
    console: Console,
    study: Study,
    plan: Plan,
    warnings: Sequence[str],
    decoded: int,
    time: PlannedTime,
    power: Sequence[PlannedPower] = (),
    *,
    every: bool = False,
) -> None:
    """What is pending and why, its cost, what it can decide, and warnings.

    Seeds share a line, and only the first lines are shown; with `every`, each run has its own.
    """
    console.print(f"[bold]{study.name}[/bold]  {study.question}")
    show_overrides(console, study)
    if plan.todo:
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column("run", overflow="fold")
        table.add_column("why", overflow="fold", style="dim")
        for name in ("presented", "FLOPs", "time"):
            table.add_column(name, justify="right", no_wrap=True)
        lines = [Together(t.label, (t,)) for t in plan.todo] if every else together(plan.todo)
        printed = lines if every else lines[:LINES]
        for label, tasks in printed:
            flops, images = _total_flops(list(tasks)), sum(map(_images, tasks))
            seconds = _sum(tasks)
            table.add_row(
                label,
                tasks[0].why,
                three_digits(images) if images else "",
                three_digits(flops) if flops else "",
                duration(seconds.likely) if seconds else "?",
            )
        console.print(table)
        _say_rest(console, lines[len(printed) :])
    done = plan.done
    console.print(f"{len(plan.tasks)} runs and baselines: {done} done, {len(plan.todo)} pending")
    if plan.todo:
        show_totals(console, plan, decoded, time)
        for each in power:
            console.print(f"power: {power_words(each)}", highlight=False, markup=False)
    for warning in warnings:
        console.print(Text.assemble(("note", "yellow"), f"  {warning}"))


def show_totals(console: Console, plan: Plan, decoded: int, time: PlannedTime) -> None:
    """The cost of the pending work: images, FLOPs, disk and time, and what the time rests on."""
    flops, store = _total_flops(plan.todo), checkpoint_bytes(plan)
    arithmetic = f", {three_digits(flops)} FLOPs" if flops else ""
    specs = (task.spec for task in plan.todo if _flops(task) is None)
    if uncounted := sorted({spec.encoder.name for spec in specs if spec.encoder}):
        arithmetic = f"; the FLOPs of {', '.join(uncounted)} are not known"
    images = sum(_images(task) for task in plan.todo)
    console.print(
        f"pending: {three_digits(images)} images presented{arithmetic}\n"
        f"disk: {_size(decoded)} decoded + {_size(store)} checkpoints",
        highlight=False,
    )
    if (taken := _taken_over(plan)) > 0:
        console.print(
            f"shared trunks save another {three_digits(taken)} images presented, "
            f"{taken / (images + taken):.0%} of training every run separately",
            highlight=False,
        )
    unknown = "unknown here; `datayield plan STUDY --measure` times it within a minute"
    console.print(f"time: {time_words(time) or unknown}", highlight=False)


def time_words(time: PlannedTime) -> str:
    """A time, for how many runs at once, and what it rests on; empty where it is unknown."""
    seconds = time.seconds
    if seconds is None:
        return ""
    span = f"{duration(seconds.low)} to {duration(seconds.high)}"
    several = f", {time.jobs} runs at once" if time.jobs > 1 else ""
    return f"about {duration(seconds.likely)} ({span}){several}, {_basis_words(time.basis)}"


def _basis_words(basis: EstimateBasis) -> str:
    """What a time rests on, in a line, or in a line for each that is not the same for all work."""
    known = basis.kinds - basis.unknown
    donors = f" from {', '.join(basis.donors)}" if basis.donors else ""
    parts = [
        (basis.runs, "from runs on this machine"),
        (basis.measured, "measured on this machine"),
        (basis.scaled, "scaled by FLOPs from other runs of the same encoder"),
        (basis.across, f"scaled by FLOPs{donors}: wider range"),
    ]
    told = [(count, words) for count, words in parts if count]
    if len(told) == 1 and not basis.across:
        return told[0][1]
    of = f"by {known} kind{'' if known == 1 else 's'} of work:"
    return "\n  ".join([of, *(f"{count} {words}" for count, words in told)])


def status_json(study: Study, plan: Plan, collapsed: Sequence[Collapse] = ()) -> dict[str, Any]:
    """States of a study's tasks as JSON."""
    return {
        "schema_version": SCHEMA_VERSION,
        "study": study.name,
        "overrides": dict(study.overrides),
        "states": dict(Counter(task.state for task in plan.tasks)),
        "tasks": [_task_json(task) for task in plan.tasks],
        "collapsed": [collapse_json(each) for each in collapsed],
    }


def show_status(
    console: Console,
    study: Study,
    plan: Plan,
    collapsed: Sequence[Collapse] = (),
    *,
    every: bool = False,
) -> None:
    """The counts, and lines for unfinished work, like `show_plan`. Problems come first."""
    states = Counter(task.state for task in plan.tasks)
    console.print(
        f"[bold]{study.name}[/bold]  "
        + ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    )
    show_overrides(console, study)
    lines = [Together(t.label, (t,)) for t in plan.todo] if every else together(plan.todo)
    if not every:
        lines.sort(key=lambda line: _FIRST.index(line.first.state))
    printed = lines if every else lines[:LINES]
    for label, tasks in printed:
        console.print(
            f"  {tasks[0].state:9} {label}: {tasks[0].why}", highlight=False, markup=False
        )
    _say_rest(console, lines[len(printed) :])
    show_collapsed(console, collapsed)


def _task_json(task: Task) -> dict[str, Any]:
    return {
        "id": task.spec.id,
        "label": task.label,
        "state": task.state,
        "why": task.why,
        "evaluations_owed": len(task.pending),
        "images": _images(task),
        "flops": _flops(task),
        "seconds": _seconds_json(task.estimate),
    }


def _images(task: Task) -> int:
    if not isinstance(task.spec, RunSpec):
        return 0
    return round(task.to_train * task.spec.steps * task.spec.batch)


def _taken_over(plan: Plan) -> int:
    """Images that runs skip because shorter runs on their trunk train on them."""
    parts = ((task.spec, task.part.start) for task in plan.todo if task.part is not None)
    return sum(start * spec.batch for spec, start in parts if isinstance(spec, RunSpec))


def _flops(task: Task) -> float | None:
    if not isinstance(task.spec, RunSpec):
        return 0.0
    per_image = flops_per_image(task.spec)
    return None if per_image is None else per_image * _images(task)


def _say_rest(console: Console, rest: list[Together]) -> None:
    if rest:
        runs = sum(len(line.tasks) for line in rest)
        console.print(
            f"... and {plural(len(rest), 'more line')} ({plural(runs, 'run')}): --all shows them",
            style="dim",
        )


def _sum(tasks: Sequence[Task]) -> TimeEstimate | None:
    total = NOTHING
    for task in tasks:
        if task.estimate is None:
            return None
        total += task.estimate
    return total


def _total_flops(tasks: list[Task]) -> float | None:
    each = [_flops(task) for task in tasks]
    return None if None in each else sum(f for f in each if f is not None)


def _seconds_json(estimate: TimeEstimate | None) -> dict[str, Any] | None:
    if estimate is None:
        return None
    return estimate._asdict() | {"donors": sorted(estimate.donors)}


def _size(count: int | None) -> str:
    if count is None:
        return "?"
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
