"""Progress display of a study: live lines on a terminal or in a notebook, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Column

from datayield.run.loop import Tick
from datayield.run.notebook import Canvas, NotebookConsole
from datayield.spec.evaluation import EvalSpec
from datayield.spec.run import RunSpec, flops_per_image
from datayield.store.format import duration
from datayield.store.plan import Plan, Task
from datayield.store.records import ResultRecord

PLAIN_SECONDS = 15.0
MUCH_WAIT = 0.02  # fraction of the time spent waiting for images that is worth reporting
SOME = 0.02  # of the work, from which the time left is told by what was measured alone
TRUST = 0.1  # of the work: what is measured counts as much as the estimate from there on
FLOPS = 2.5e10  # a second, where no speed is known: that of small networks on one core
EVALUATION_SECONDS = 2.0  # of a small network on a few thousand images
MADE_UP_FLOPS = 1e9  # of an image and an encoder whose arithmetic is not known


class Display:
    """Progress of a plan: a line for all of it, and one for each running task.

    Overall progress weights tasks by their estimated seconds; where there is no estimate for one of
    them, all of them by their FLOPs. `seconds`: how long the plan was expected to take, by the
    clock: at first the time left is that, then more and more what was measured.
    """

    def __init__(self, plan: Plan, console: Console, seconds: float | None = None) -> None:
        self.console = console
        self.weights = _weights(plan.todo)
        self.total = sum(self.weights.values()) or 1.0
        self.expected = seconds
        self.shares: dict[str, float] = {}  # of what was left of a task; 1 when it has ended
        self.spent = 0.0  # their weighted sum
        self.numbers: dict[str, int] = {}
        self.said: dict[str, float] = {}
        self.notes: set[str] = set()  # printed
        self.count, self.over = len(plan.todo), 0
        self.began = self.working = time.monotonic()  # `working`: once images are ready
        self.canvas: Canvas | None = None  # of a notebook, once there is something to draw
        self.in_notebook = isinstance(console, NotebookConsole)
        self.live = (
            Progress(
                TextColumn("{task.description}", table_column=_one_line(ratio=1)),
                BarColumn(bar_width=12),
                TextColumn("{task.fields[line]}", table_column=_one_line()),
                console=console,
                transient=True,
                expand=True,
            )
            if console.is_terminal or self.in_notebook
            else None
        )
        self.bar: TaskID | None = None  # of the whole study
        self.bars: dict[str, TaskID] = {}

    def start(self, task: Task) -> None:
        """A task starts or restarts."""
        if not self.numbers:  # decoding and choosing images say nothing of how fast tasks are
            self.working = time.monotonic()
        self.numbers.setdefault(task.spec.id, len(self.numbers) + 1)
        if self.live:
            if self.bar is None:
                if self.in_notebook:
                    self.canvas = Canvas()
                else:
                    self.live.start()
                self.bar = self.live.add_task("", total=1.0, line="")
            if task.spec.id not in self.bars:
                label = task.label.replace("[", r"\[")
                self.bars[task.spec.id] = self.live.add_task(label, total=1.0, line="")
        self._line(task, 1.0 - task.share_left if task.share_left else 0.0, "")

    def show(self, task: Task, event: Tick | ResultRecord | str) -> None:
        """Show progress or a result of the task, or a persistent note."""
        if isinstance(event, str):
            if event not in self.notes:  # that of all runs is printed once
                self.notes.add(event)
                self.say(event)
        elif isinstance(event, ResultRecord):
            spec = EvalSpec.model_validate(event.eval, strict=False)  # as in JSON
            name, score = spec.name, event.metrics.get(spec.main_metric)
            self._line(task, 1.0, f"{name} {score:.1%}" if score is not None else name)
        else:
            wait = f", data wait {event.wait_share:.0%}" if event.wait_share > MUCH_WAIT else ""
            text = f"{event.images_per_second:,.0f} img/s{wait}"
            self._line(task, event.step / event.steps, text)

    def finish(self, task: Task) -> None:
        """A task has finished or failed."""
        self.over += 1
        self._set_share(task, 1.0)
        if self.live and task.spec.id in self.bars:
            self.live.remove_task(self.bars.pop(task.spec.id))
        self._overall()

    def say(self, text: str) -> None:
        """Print a persistent line."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    @contextmanager
    def images(self, what: str, unit: str = "images") -> Iterator[Callable[[int, int], None]]:
        """Progress of what is done to each image of a split; silent if it was done before."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=12),
            MofNCompleteColumn(),
        )
        with Progress(
            *columns, console=self.console, transient=True, disable=not self.console.is_terminal
        ) as progress:
            bar = progress.add_task(what, total=None)
            said = False

            def update(done: int, total: int) -> None:
                nonlocal said
                progress.update(bar, completed=done, total=total)
                if not said and not self.console.is_terminal:
                    self.say(f"{what}: {total:,} {unit}")
                    said = True

            yield update

    def close(self) -> None:
        """Remove the live lines; in a notebook they become one."""
        if self.canvas is not None:
            spent = duration(time.monotonic() - self.began)
            self.canvas.draw(f"{self.over} of {self.count} done in {spent}", now=True)
        elif self.live and self.bar is not None:
            self.live.stop()

    def _line(self, task: Task, share: float, text: str) -> None:
        """`share` of the whole task; what was done before this study started does not count."""
        begun = 1.0 - task.share_left
        new = (share - begun) / task.share_left if task.share_left else share
        self._set_share(task, min(max(new, 0.0), 1.0))
        if self.live:
            line = "  ".join(filter(None, (f"{share:.0%}", text)))
            self.live.update(self.bars[task.spec.id], completed=share, line=line)
            self._overall()
            return
        now, first = time.monotonic(), task.spec.id not in self.said
        if first or now - self.said[task.spec.id] > PLAIN_SECONDS:
            self.said[task.spec.id] = now
            head = f"[{self.numbers[task.spec.id]}/{self.count}] {task.label}"
            self.say("  ".join(filter(None, (head, f"{share:.0%}", text, self._left()))))

    def _overall(self) -> None:
        if self.live and self.bar is not None:
            head = f"{self.over} of {self.count} done, {len(self.bars)} running"
            line = "  ".join(filter(None, (f"{self._part():.0%}", self._left())))
            self.live.update(self.bar, completed=self._part(), description=head, line=line)
            if self.canvas is not None:
                self.canvas.draw(self.live.get_renderable())

    def _set_share(self, task: Task, share: float) -> None:
        more = share - self.shares.get(task.spec.id, 0.0)
        self.spent += more * self.weights.get(task.spec.id, 0.0)
        self.shares[task.spec.id] = share

    def _part(self) -> float:
        return min(1.0, self.spent / self.total)

    def _left(self) -> str:
        part, elapsed = self._part(), time.monotonic() - self.working
        if self.expected is None:
            return f"{duration(elapsed / part - elapsed)} left" if part > SOME else ""
        whole = (elapsed + TRUST * self.expected) / (part + TRUST)
        return f"{duration(whole * (1 - part))} left"


def _one_line(ratio: int | None = None) -> Column:
    return Column(ratio=ratio, no_wrap=True, overflow="ellipsis")


def _weights(tasks: list[Task]) -> dict[str, float]:
    """Id -> seconds, of which only the ratios matter."""
    estimates = {task.spec.id: task.estimate for task in tasks}
    if None in estimates.values():
        return {task.spec.id: _roughly(task) for task in tasks}
    return {id_: max(each.likely, 1e-3) for id_, each in estimates.items() if each is not None}


def _roughly(task: Task) -> float:
    """Seconds of a task on a device of which no time is known."""
    training = 0.0
    if isinstance(task.spec, RunSpec):
        images = task.to_train * task.spec.steps * task.spec.batch
        training = (flops_per_image(task.spec) or MADE_UP_FLOPS) * images / FLOPS
    return training + EVALUATION_SECONDS * max(len(task.pending), 1)
