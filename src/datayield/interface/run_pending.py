"""Run what is pending of a study: all of it, or until it is decided what to buy."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from rich.console import Console

from datayield.execution import Execution
from datayield.report.terminal.overrides import show_overrides
from datayield.report.terminal.plan import show_totals
from datayield.session import Session
from datayield.spec.errors import StalePlanError, refused
from datayield.store.plan import Plan

MINUTES = 60.0  # of a run until it is decided, unless stated


class Worked(NamedTuple):
    """What came of it: the plan made again, and how the runs ended."""

    plan: Plan
    did: int  # runs and baselines that were pending before
    failed: tuple[tuple[str, str], ...]  # label, message
    decided: bool
    stopped: bool


def run_pending(
    session: Session,
    open_again: Callable[[], Session],
    plan: Plan,
    console: Console,
    save_every: float,
    execution: Execution,
    minutes: float | None = None,
    trackers: Sequence[str] = (),
) -> Worked:
    """Run all that the plan has pending, with its cost said first.

    `open_again`: the study with its data looked up anew, where they are not as planned.
    `minutes`: stop as soon as it is decided what to buy, and after this time at the latest.
    `trackers`: that follow the runs.
    """
    todo = len(plan.todo)
    console.print(
        f"[bold]{session.study.name}[/bold]: {todo} of {len(plan.tasks)} runs and "
        "baselines pending",
        highlight=False,
    )
    show_overrides(console, session.study)
    show_totals(console, plan, session.decoded_bytes(plan), session.time(plan, execution.jobs))
    ready = session.readiness(plan, execution)
    if ready.refusals:
        raise refused(ready.refusals)
    for note in (*ready.notes, *_slow(session, execution)):
        console.print(f"note  {note}", highlight=False, markup=False, soft_wrap=True)
    how = console, save_every, execution, minutes
    try:
        with tracking(session, plan, trackers, console):
            ended = _train(session, plan, *how)
    except StalePlanError as error:  # once: what is damaged or changed is known now
        console.print(f"{error.message}; planning again", highlight=False)
        session = open_again()
        plan = session.plan()
        with tracking(session, plan, trackers, console):
            ended = _train(session, plan, *how)
    plan = session.plan(keep=True)
    return Worked(plan, todo - len(plan.todo), *ended)


def _train(
    session: Session,
    plan: Plan,
    console: Console,
    save_every: float,
    execution: Execution,
    minutes: float | None,
) -> tuple[tuple[tuple[str, str], ...], bool, bool]:
    """What failed, whether it was decided what to buy, and whether somebody stopped it."""
    if minutes is None:
        outcome = session.run(plan, console, save_every, execution)
        return outcome.failed, False, outcome.stopped
    from datayield.report.terminal.looks import look_words
    from datayield.until import run_until_decided

    failed, decided, stopped = tuple[tuple[str, str], ...](), False, False
    for look in run_until_decided(session, console, minutes, save_every, execution):
        told = look_words(look.answer, look.seconds, look.pending, look.decided)
        console.print(told, highlight=False)
        failed, decided, stopped = look.failed, look.decided, look.stopped
    return failed, decided, stopped


def _slow(session: Session, execution: Execution) -> Iterator[str]:
    """That runs in bf16 will be slow on this machine's device, where they will."""
    from datayield.run.device import choose, fast_bf16

    in_bf16 = any(cell.run.precision == "bf16" for cell in session.cells)
    if in_bf16 and execution.executor == "local" and not fast_bf16(choose(session.device)):
        yield (
            f"{choose(session.device)} has no bf16 in hardware: these runs will be slow here; "
            "precision: fp32 makes a different study, comparable only with itself"
        )


@contextmanager
def tracking(
    session: Session, plan: Plan, trackers: Sequence[str], console: Console
) -> Iterator[None]:
    """Follow the runs of the plan with these trackers while the block runs, if there are any."""
    if not trackers:
        yield
        return
    from datayield.track import following, tracked_study

    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    study = tracked_study(session.study, session.cells, plan.tasks)
    with following(study, session.store, trackers, say):
        yield
