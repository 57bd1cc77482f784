"""Progress of `plan --measure`, and what it came to."""

import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from rich.console import Console


class KindInTurn(Protocol):
    """What is timed next: the `number`-th of `of`; at the end nothing, and how many were timed."""

    @property
    def what(self) -> str: ...

    @property
    def number(self) -> int: ...

    @property
    def of(self) -> int: ...


def show_measuring(
    console: Console, begin: Callable[[float], Iterable[KindInTurn]], limit: float
) -> dict[str, Any]:
    """Time what is to be timed for `limit` seconds at most; what it came to, as JSON.

    `begin`: starts it, given the monotonic time at which it is to stop.
    """
    began = time.monotonic()
    timed = of = 0
    for kind in begin(began + limit):
        spent, timed, of = time.monotonic() - began, kind.number, kind.of
        if kind.what:
            console.print(
                f"measuring {timed} of {of}: {kind.what} ({spent:.0f} s of {limit:.0f} s)",
                highlight=False,
            )
    spent = time.monotonic() - began
    said = f"measured {timed} of {of} kinds of work in {spent:.0f} s"
    if timed < of:
        said += f", its limit; more time: --seconds {2 * limit:.0f}"
    console.print(said if of else "nothing to measure: all was timed before", highlight=False)
    return {"timed": timed, "of": of, "seconds": round(spent, 1), "limit_seconds": limit}
