"""Ctrl-C, SIGTERM and SIGHUP: a request to save and stop, or the end at once.

The command line ends its process. Where Ctrl-C raises KeyboardInterrupt, as in a notebook, that is
still what ends a block: whoever called datayield there has other things in the process.

Nothing needs to be tidied up at the end: files are whole or not there, the lock of a dead process
is void, workers stop when their pipe closes, and what was incomplete is swept by the next run.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, current_thread, main_thread
from types import FrameType

ABORTED = 130  # exit code
RESUMABLE = 3
_HANGUP = getattr(signal, "SIGHUP", None)  # not on Windows


@contextmanager
def interruptible(say: Callable[[str], None], stop: Event | None = None) -> Iterator[Event]:
    """A first signal: finish the step, save, stop. A second Ctrl-C or SIGTERM: end at once.

    In a thread besides the main one, which gets no signals, `stop` alone stops. SIGHUP, of a
    terminal that closes, stays ignored where it was (nohup).
    """
    stop, raising = stop or Event(), _raises()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if number == _HANGUP:
            _leave_terminal()
        elif stop.is_set():
            if raising and number == signal.SIGINT:
                raise KeyboardInterrupt
            abort()
        stop.set()
        with suppress(OSError, RuntimeError, ValueError):  # in the middle of another print
            say("finishing the step and saving; press Ctrl-C again to abort")

    with _handling(on_signal, *_requests()):
        yield stop


@contextmanager
def abortable() -> Iterator[None]:
    """Ctrl-C in the block ends the process at once, with a sentence instead of a traceback."""
    with _handling(lambda *_: abort(), signal.SIGINT):
        yield


@contextmanager
def resumable() -> Iterator[None]:
    """A signal in the block, which trains nothing, ends the process: the command can be repeated.

    So while a study is planned and its images are decoded, which leave nothing to save.
    """
    raising = _raises()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if raising and number == signal.SIGINT:
            raise KeyboardInterrupt
        if number == _HANGUP:
            _leave_terminal()
        _end("stopped before training; run the same command to continue", RESUMABLE)

    with _handling(on_signal, *_requests()):
        yield


def abort() -> None:
    """End this process now: a signal that came again, or where nothing can be resumed."""
    _end("aborted; saved progress is kept", ABORTED)


def _end(sentence: str, code: int) -> None:
    """End this process now, without any of Python's own tidying up, which Ctrl-C could break."""
    with suppress(OSError, RuntimeError, ValueError):
        show_cursor = "\x1b[?25h" if sys.stderr.isatty() else ""
        sys.stderr.write(f"{show_cursor}\n{sentence}\n")
        sys.stderr.flush()
    os._exit(code)


@contextmanager
def _handling(
    handler: Callable[[int, FrameType | None], None], *numbers: signal.Signals
) -> Iterator[None]:
    if current_thread() is not main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _raises() -> bool:
    """Whether Ctrl-C raises KeyboardInterrupt, as Python has it: see `abortable` for the other."""
    return signal.getsignal(signal.SIGINT) is signal.default_int_handler


def _requests() -> Iterator[signal.Signals]:
    yield from (signal.SIGINT, signal.SIGTERM)
    if _HANGUP is not None and signal.getsignal(_HANGUP) is not signal.SIG_IGN:
        yield _HANGUP


def _leave_terminal() -> None:
    """Print into nothing from now on, where it was the terminal, which is gone."""
    with suppress(OSError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            if os.isatty(stream):
                os.dup2(nothing, stream)
        os.close(nothing)
