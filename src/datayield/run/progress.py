"""What a person sees while a study runs: a live line on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from datayield.run.pretrain import Tick
from datayield.spec.evals import EvalSpec
from datayield.store.plan import Plan, Task
from datayield.store.records import ResultRecord
from datayield.store.words import duration

PLAIN_SECONDS = 15.0


class Display:
    """Progress of a plan. `share of the study` weighs tasks by their estimated seconds."""

    def __init__(self, plan: Plan, console: Console) -> None:
        self.console = console
        self.weights = {task.spec.id: max(_likely(task), 1e-3) for task in plan.todo}
        self.total = sum(self.weights.values()) or 1.0
        self.before = 0.0  # weight of finished tasks
        self.number, self.count = 0, len(plan.todo)
        self.began = self.said = time.monotonic()
        self.live = (
            Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=12),
                TextColumn("{task.fields[line]}"),
                console=console,
                transient=True,
            )
            if console.is_terminal
            else None
        )
        self.bar: TaskID | None = None

    def start(self, task: Task) -> None:
        """A task begins."""
        self.number += 1
        if self.live and self.bar is None:
            self.live.start()
            self.bar = self.live.add_task("", total=1.0, line="")
        self._line(task, 0.0, "")

    def show(self, task: Task, event: Tick | ResultRecord | str) -> None:
        """Progress or a result of the task, or a note that stays."""
        if isinstance(event, str):
            self.say(event)
        elif isinstance(event, ResultRecord):
            spec = EvalSpec.model_validate(event.eval)
            name, score = spec.name, event.metrics.get(spec.main_metric)
            self._line(task, 1.0, f"{name} {score:.1%}" if score is not None else name)
        else:
            text = f"{event.images_per_second:,.0f} img/s, data wait {event.wait_share:.0%}"
            self._line(task, event.step / event.steps, text)

    def finish(self, task: Task) -> None:
        """A task is over, done or failed."""
        self.before += self.weights.pop(task.spec.id, 0.0)

    def say(self, text: str) -> None:
        """A line that stays."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    @contextmanager
    def decoding(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """Progress of decoding a split; silent where it was decoded before."""
        columns = (
            TextColumn("decoding {task.description}"),
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
                    self.say(f"decoding {what}: {total:,} images")
                    said = True

            yield update

    def close(self) -> None:
        """Take the live line away."""
        if self.live and self.bar is not None:
            self.live.stop()

    def _line(self, task: Task, share: float, text: str) -> None:
        spent = self.before + share * self.weights.get(task.spec.id, 0.0)
        part = min(1.0, spent / self.total)
        elapsed = time.monotonic() - self.began
        left = f"{duration(elapsed / part - elapsed)} left" if part > 0.02 else ""
        head = f"[{self.number}/{self.count}] {task.label}"
        if self.live and self.bar is not None:
            line = "  ".join(filter(None, (f"{share:.0%}", text, left)))
            self.live.update(self.bar, completed=part, description=head, line=line)
        elif time.monotonic() - self.said > PLAIN_SECONDS or share == 0.0:
            self.said = time.monotonic()
            self.say("  ".join(filter(None, (head, f"{share:.0%}", text, left))))


def _likely(task: Task) -> float:
    return task.estimate.likely if task.estimate else 1.0
