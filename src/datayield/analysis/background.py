"""Work done by a copy of this process while it goes on itself, where one can be made safely."""

import multiprocessing
import sys
import threading
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TypeVar

Made = TypeVar("Made")


def in_background(work: Callable[[], Made]) -> Callable[[], Made]:
    """Begin `work` in a forked copy; a call of what is returned waits for what it made.

    What it raises is raised by that call. In this process, and at once, where the system is not
    Linux or another thread runs: a copy would inherit its locks, with nobody to open them.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        made = work()
        return lambda: made
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    copy = context.Process(target=_do, args=(work, theirs), daemon=True)
    with warnings.catch_warnings():
        # Python 3.12 warns of threads that are not its own: BLAS keeps some, and knows of forks.
        warnings.simplefilter("ignore", DeprecationWarning)
        copy.start()
    theirs.close()

    def wait() -> Made:
        try:
            done, error = ours.recv()
        except EOFError:
            copy.join()
            raise RuntimeError(f"a forked process exited with code {copy.exitcode}") from None
        copy.join()
        if error is not None:
            raise error
        result: Made = done
        return result

    return wait


def _do(work: Callable[[], object], pipe: Connection) -> None:
    try:
        pipe.send((work(), None))
    except Exception as error:
        pipe.send((None, error))
