"""Work in a forked copy of this process, where forking is safe."""

import gc
import multiprocessing
import sys
import threading
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TypeVar

Made = TypeVar("Made")


class LostForkError(RuntimeError):
    """The forked process ended without a result, for example killed for lack of memory."""


def in_background(work: Callable[[], Made]) -> Callable[[], Made]:
    """Start `work` in a forked process; calling the returned function waits for its result.

    That call also re-raises its exceptions, or raises LostForkError. `work` runs at once and in
    this process if the system is not Linux or another thread runs: a fork would inherit its locks
    with nobody to release them.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        made = work()
        return lambda: made
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    copy = context.Process(target=_do, args=(work, theirs), daemon=True)
    with warnings.catch_warnings():
        # Python 3.12 warns about foreign threads: BLAS keeps some, and handles forks.
        warnings.simplefilter("ignore", DeprecationWarning)
        copy.start()
    theirs.close()

    def wait() -> Made:
        try:
            done, error = ours.recv()
        except EOFError:
            copy.join()
            raise LostForkError(f"a forked process exited with code {copy.exitcode}") from None
        copy.join()
        if error is not None:
            raise error
        result: Made = done
        return result

    return wait


def _do(work: Callable[[], object], pipe: Connection) -> None:
    # Else garbage collection would write to every inherited object, and so copy its page.
    gc.freeze()
    try:
        pipe.send((work(), None))
    except Exception as error:
        pipe.send((None, error))
