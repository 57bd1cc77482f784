"""An answer, a plan and a state as HTML for a cell of a notebook, whose style is its own."""

from collections import Counter
from collections.abc import Sequence

from datayield.analysis.format import plural
from datayield.analysis.levers import Answer
from datayield.report.page.card import first_screen
from datayield.report.templates import template
from datayield.report.terminal.plan import time_words
from datayield.report.terminal.seed_groups import together
from datayield.spec.study import Study
from datayield.store.collapse import Collapse, in_words
from datayield.store.format import duration
from datayield.store.plan import Plan, Task
from datayield.store.planned_time import PlannedTime

LINES = 24  # of runs, at most


def answer_html(of: Answer) -> str:
    """The card: what to do, how sure that is, what it brings and costs, what would decide."""
    card = first_screen(of)
    priced = any(lever["cost"] for lever in card["levers"])
    heads = ["", "gain of a doubling", "90% interval", "odds", *(["cost"] if priced else [])]
    return template("notebook.html").render(card=card, priced=priced, heads=heads)


def plan_html(
    study: Study,
    plan: Plan,
    notes: Sequence[str],
    time: PlannedTime,
    refusal: str,
) -> str:
    """Pending runs, a line for those that differ only in their seed, their time, and notes.

    `refusal`: why it cannot run; empty where it can.
    """
    lines = together(plan.todo)
    rows = [(of.label, of.first.why, _seconds(of.tasks)) for of in lines[:LINES]]
    totals = [
        *_rest(len(lines)),
        f"{len(plan.tasks)} runs and baselines: {plan.done} done, {len(plan.todo)} pending",
    ]
    if plan.todo:
        unknown = "unknown here; measure() times it within a minute"
        totals.append(f"time: {time_words(time) or unknown}")
    return _runs(study, ("run", "why", "time"), rows, totals, notes, refusal)


def status_html(study: Study, plan: Plan, collapsed: Sequence[Collapse]) -> str:
    """How many are done, and what is not."""
    states = Counter(task.state for task in plan.tasks)
    lines = together(plan.todo)
    rows = [(of.label, of.first.state, of.first.why) for of in lines[:LINES]]
    totals = [*_rest(len(lines)), ", ".join(f"{n} {state}" for state, n in sorted(states.items()))]
    return _runs(study, ("run", "state", "why"), rows, totals, [in_words(x) for x in collapsed])


def _runs(
    study: Study,
    heads: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    totals: list[str],
    notes: Sequence[str],
    refusal: str = "",
) -> str:
    told = {
        "name": study.name,
        "question": study.question,
        "heads": heads,
        "rows": rows,
        "totals": totals,
        "notes": notes,
        "refusal": refusal,
    }
    return template("notebook.html").render(card=None, told=told)


def _rest(lines: int) -> list[str]:
    return [f"... and {plural(lines - LINES, 'more line')}"] if lines > LINES else []


def _seconds(tasks: Sequence[Task]) -> str:
    times = [task.estimate.likely for task in tasks if task.estimate]
    return duration(sum(times)) if len(times) == len(tasks) else "?"
