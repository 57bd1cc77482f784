"""One process decodes a split while the others that share the cache folder wait for it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

WAIT_SECONDS = 3600.0  # for a process that may hang; then the split is decoded here as well


@contextmanager
def one_at_a_time(stamp: Path) -> Iterator[None]:
    """Hold the lock of the split that `stamp` belongs to; the system frees it if a holder dies.

    It only saves work, as decoded images are moved into place atomically: where the file system
    has no locks, or after `WAIT_SECONDS`, the block runs without.
    """
    with ExitStack() as held:
        try:
            # Not a lock that is a mere file: that of a killed process would stay for ever.
            lock = FileLock(stamp.with_suffix(".lock"), WAIT_SECONDS, fallback_to_soft=False)
            held.enter_context(lock)
        except (Timeout, OSError, NotImplementedError):
            pass
        yield
