"""A plan, a state and an answer as Python has them: values, text in a console, HTML in a notebook.

The text is that of the command line, and `to_dict` is what its `--json` prints.
"""

import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from rich.console import Console

from datayield.analysis.planned_power import PlannedPower
from datayield.report.terminal.plan import plan_json, show_plan, show_status, status_json
from datayield.spec.errors import DatayieldError, refused
from datayield.spec.study import Study
from datayield.store.collapse import Collapse
from datayield.store.estimate import TimeEstimate
from datayield.store.plan import Plan, Task
from datayield.store.planned_time import PlannedTime

if TYPE_CHECKING:  # an answer needs SciPy, a plan does not
    from datayield.analysis.levers import Answer, Card, Lever, Purchase


@dataclass(frozen=True, repr=False)
class ShownPlan:
    """What is pending of a study, why, what it costs and what it can decide.

    `refusals`: what `run` would raise. `decoded`: bytes of disk that decoded images take.
    `time`: by the clock, with as many runs at once as `datayield run` chooses.
    """

    study: Study
    plan: Plan
    notes: tuple[str, ...]
    refusals: tuple[DatayieldError, ...]
    decoded: int
    time: PlannedTime
    power: tuple[PlannedPower, ...]

    @property
    def pending(self) -> list[Task]:
        """Runs and baselines that are not finished."""
        return self.plan.todo

    @property
    def seconds(self) -> TimeEstimate | None:
        """Seconds until all that is pending is done; None where they are unknown."""
        return self.time.seconds

    def to_dict(self) -> dict[str, Any]:
        """The contract of `datayield plan --json`."""
        return plan_json(
            self.study, self.plan, self.notes, self.decoded, self.time, self.power, self.refusals
        )

    def show(self, console: Console, *, every: bool = False) -> None:
        """Print it; with `every`, each run has a line of its own."""
        of = self.study, self.plan, self.notes, self.decoded, self.time, self.power
        show_plan(console, *of, every=every)

    def __repr__(self) -> str:
        said = _text(self.show)
        return f"{said}\nrun would refuse: {refused(self.refusals)}" if self.refusals else said

    def _repr_html_(self) -> str | None:
        if not _pages():
            return None
        from datayield.report.page.notebook import plan_html

        no = refused(self.refusals).text() if self.refusals else ""
        return plan_html(self.study, self.plan, self.notes, self.time, no)


@dataclass(frozen=True, repr=False)
class ShownStatus:
    """How far a study is: the state of each of its runs and baselines."""

    study: Study
    plan: Plan
    collapsed: tuple[Collapse, ...]  # runs that seem to have learned nothing

    @property
    def complete(self) -> bool:
        """Whether nothing is pending."""
        return not self.plan.todo

    @property
    def states(self) -> dict[str, int]:
        """Runs and baselines by state: done, missing, partial, evaluate, running, failed."""
        return dict(Counter(task.state for task in self.plan.tasks))

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All runs and baselines, each with its label, state and why it is in that."""
        return self.plan.tasks

    def to_dict(self) -> dict[str, Any]:
        """The contract of `datayield status --json`."""
        return status_json(self.study, self.plan, self.collapsed)

    def show(self, console: Console, *, every: bool = False) -> None:
        """Print it; with `every`, each run has a line of its own."""
        show_status(console, self.study, self.plan, self.collapsed, every=every)

    def __repr__(self) -> str:
        return _text(self.show)

    def _repr_html_(self) -> str | None:
        if not _pages():
            return None
        from datayield.report.page.notebook import status_html

        return status_html(self.study, self.plan, self.collapsed)


@dataclass(frozen=True, repr=False)
class ShownAnswer:
    """What to buy next, how sure that is, and what it costs.

    `of`: the answer in full, with its laws and samples.
    """

    of: "Answer"

    @property
    def lever(self) -> "Purchase":
        """images, compute, labels, views, weights, stop, or inconclusive."""
        return self.of.recommendation.lever

    @property
    def probability(self) -> float:
        """That this is the best choice, 0 to 1."""
        return self.of.recommendation.probability

    @property
    def decided(self) -> bool:
        """Whether the odds are good enough to recommend anything."""
        return self.lever != "inconclusive"

    @property
    def advice(self) -> str:
        """ "Train longer"."""
        from datayield.analysis.text.recommendation import advice

        return advice(self.of)

    @property
    def reason(self) -> str:
        """The gain of each lever with its interval, and the odds, in words."""
        from datayield.analysis.text.recommendation import reason

        return reason(self.of)

    @property
    def levers(self) -> "tuple[Lever, ...]":
        """Each with its gain from a doubling, as a share, its interval, odds and cost."""
        return self.of.levers

    @property
    def cards(self) -> "tuple[Card, ...]":
        """The answer for each task and method, with forecasts and the runs that would decide."""
        return self.of.cards

    @property
    def notes(self) -> tuple[str, ...]:
        """How the evidence was read."""
        return self.of.notes

    def to_dict(self) -> dict[str, Any]:
        """The contract of `datayield answer --json`: scores and gains in points."""
        from datayield.report.terminal.answer_json import answer_json

        return answer_json(self.of)

    def show(self, console: Console) -> None:
        """Print it."""
        from datayield.report.terminal.answer import show_answer

        show_answer(console, self.of)

    def __repr__(self) -> str:
        return _text(self.show)

    def _repr_html_(self) -> str | None:
        if not _pages():
            return None
        from datayield.report.page.notebook import answer_html

        return answer_html(self.of)


def _text(show: Callable[[Console], None]) -> str:
    """As printed on this terminal, without colours."""
    screen = io.StringIO()
    show(Console(file=screen, force_jupyter=False, force_terminal=False))
    return "\n".join(line.rstrip() for line in screen.getvalue().rstrip().split("\n"))


def _pages() -> bool:
    """Whether HTML can be made; where not, a notebook shows the text."""
    return find_spec("jinja2") is not None
