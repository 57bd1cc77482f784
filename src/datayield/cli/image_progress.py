"""How far something is, in images mostly: a bar, or lines where there is no terminal."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from datayield.cli.options import err

PLAIN_SECONDS = 15.0  # between lines of progress where there is no terminal


@contextmanager
def image_progress(what: str = "", unit: str = "images") -> Iterator[Callable[[int, int], None]]:
    """`show(done, total)` for the block, with the time that is left; lines from time to time.

    `what` is being done is told before the counts, which are of `unit`.
    """
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from datayield.store.format import duration

    began = said = time.monotonic()
    first: int | None = None  # done before, which took no time now
    told = (TextColumn("{task.description}"),) if what else ()
    columns = (*told, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(what, total=None)

        def show(done: int, total: int) -> None:
            nonlocal said, first
            first = done if first is None else first
            bar.update(task, completed=done, total=total)
            now = time.monotonic()
            if not err.is_terminal and done > first and now - said >= PLAIN_SECONDS:
                said = now
                left = (now - began) / (done - first) * (total - done)
                name = f"{what}: " if what else ""
                err.print(
                    f"{name}{done:,} of {total:,} {unit}, about {duration(left)} left",
                    highlight=False,
                    markup=False,
                    soft_wrap=True,
                )

        yield show
