"""Ctrl-C and SIGTERM as a request to stop after the current step."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType


@contextmanager
def interruptible(say: Callable[[str], None], stop: Event | None = None) -> Iterator[Event]:
    """Ctrl-C (or SIGTERM) once: finish the step, save, stop. Twice: abort."""
    stop = stop or Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        say("finishing the step and saving; press Ctrl-C again to abort")

    before = {s: signal.signal(s, on_signal) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
