"""One writer per run: a lock file with a heartbeat, taken over only when its holder is gone.

A holder is gone if its process has surely ended (`is_dead`), or if the lock has not changed for
three minutes while it was watched, by the watcher's own monotonic clock: clocks of other machines
and of file servers are never compared. A holder that only slept finds its lock taken when it wakes
up, before it writes anything (`RunLock.check`).
"""

import json
import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

from datayield.spec.atomic_files import AGAIN, FORGOTTEN, cannot_write, part_name, read_bytes
from datayield.spec.errors import BusyError, InterruptedRunError, StoreError
from datayield.spec.this_process import ProcessMark, is_dead, this_process

STALE_SECONDS = 180.0
BEAT_SECONDS = 15.0
LOOK_SECONDS = 0.2
WATCH_SECONDS = BEAT_SECONDS + 1.0  # within which a live holder gives a sign of life
LOCK_TIMEOUT = STALE_SECONDS + BEAT_SECONDS  # by then the lock of a lost worker has expired
LOCK_FILE = "lock.json"


class _Look(NamedTuple):
    """What a lock file looked like; it is beaten by a change of either."""

    content: bytes
    changed: int  # ns, of the clock of whoever keeps the file


_seen: dict[str, tuple[_Look, float]] = {}  # lock file -> its latest look, and when it was new


class RunLock(NamedTuple):
    """The lock of a run's folder, as long as this process has it."""

    path: Path
    content: bytes

    def check(self) -> None:
        """Raises BusyError if another process has taken over, StoreError if all has vanished."""
        if read_bytes(self.path) == self.content:
            return
        folder = self.path.parent
        if not folder.is_dir():
            raise vanished("the folder of the run", folder)
        raise BusyError(
            "another process took over this run while this one did not respond",
            where=str(folder),
            got=holder_words(folder),
            hint="nothing was written over; run the same command later",
        )


def vanished(what: str, path: Path) -> StoreError:
    """The error of a place that was there when the command began."""
    return StoreError(
        f"{what} vanished while it was in use",
        where=str(path),
        hint=f"bring the store back (is its disk mounted?), {AGAIN}",
    )


def holder(folder: Path) -> Literal["", "running", "stale"]:
    """Who holds `folder`, at first sight: nobody, a process that may live, or one that is gone."""
    look = _look(folder / LOCK_FILE)
    if look is None:
        return ""
    return "stale" if _dead(look) or time.time() - look.changed / 1e9 > FORGOTTEN else "running"


def release_dead(folder: Path) -> None:
    """Remove the lock of a process that has surely ended, which no other one waits for."""
    look = _look(folder / LOCK_FILE)
    if look is not None and _dead(look):
        _bury(folder / LOCK_FILE, look)


def holder_words(folder: Path) -> str:
    """The process that a lock names."""
    told = _told(read_bytes(folder / LOCK_FILE) or b"")
    if "pid" not in told:
        return "an unreadable lock"
    return f"process {told['pid']} on {told.get('host')}"


@contextmanager
def run_lock(
    folder: Path, lock_timeout: float = 0.0, stop: threading.Event | None = None
) -> Iterator[RunLock]:
    """Lock `folder` for the block. Raises BusyError if another process holds it.

    The folder above it must be there: a store that has vanished is not made anew.

    `lock_timeout`: seconds to wait; then for as long as the lock gives no sign of life, until it
    counts as stale. With 0, only a process that has surely ended is taken over from. Raises
    InterruptedRunError if `stop` is set while waiting.
    """
    path = folder / LOCK_FILE
    try:
        folder.mkdir(exist_ok=True)
        said = this_process()._asdict() | {"since": time.time(), "token": uuid.uuid4().hex}
        lock = RunLock(path, json.dumps(said).encode())
        _wait_for(lock, lock_timeout, stop or threading.Event())
    except OSError as error:
        if not folder.parent.is_dir():
            raise vanished("the store", folder.parent) from None
        raise cannot_write(path, error) from error
    done = threading.Event()
    beat = threading.Thread(target=_beat, args=(lock, done), daemon=True)
    beat.start()
    try:
        yield lock
    finally:
        done.set()
        beat.join()
        with suppress(OSError):
            if read_bytes(path) == lock.content:  # not that of a process that took over
                path.unlink(missing_ok=True)


def _wait_for(lock: RunLock, lock_timeout: float, stop: threading.Event) -> None:
    began, first = time.monotonic(), _look(lock.path)
    while not _acquire(lock):
        waited, beaten = time.monotonic() - began, _look(lock.path) != first
        if waited >= lock_timeout and (beaten or lock_timeout <= 0 or waited >= LOCK_TIMEOUT):
            raise BusyError(
                "another process is working on this run",
                where=str(lock.path.parent),
                got=holder_words(lock.path.parent),
                hint="let it finish, or stop it; its lock expires after 3 minutes",
            )
        if stop.wait(LOOK_SECONDS):
            raise InterruptedRunError(
                "stopped while waiting for another process",
                where=str(lock.path.parent),
                hint="run the same command to continue",
            )


def _acquire(lock: RunLock) -> bool:
    """Take the lock if nobody has it, or if its holder is gone."""
    look = _look(lock.path)
    if look is not None:
        if not (_dead(look) or _unchanged_for(lock.path, look) >= STALE_SECONDS):
            return False
        _bury(lock.path, look)
    return _create(lock)


def _create(lock: RunLock) -> bool:
    """Make the lock file with its content at once; False if another process was first."""
    beside = lock.path.with_name(f".{LOCK_FILE}.{part_name()}.tmp")
    try:
        beside.write_bytes(lock.content)
        try:
            os.link(beside, lock.path)
        except (FileExistsError, FileNotFoundError):  # or `beside` was swept by who was first
            return False
        except OSError:  # no hard links here
            with lock.path.open("xb") as file:
                file.write(lock.content)
    except FileExistsError:
        return False
    finally:
        beside.unlink(missing_ok=True)
    return True


def _bury(path: Path, look: _Look) -> None:
    """Remove the lock that was looked at. A newer one is put back.

    In between it is missing, so its holder may find it lost and end as busy, but two never write.
    """
    grave = path.with_name(f".stale-{part_name()}")
    with suppress(OSError):  # another process was first
        path.rename(grave)
        if read_bytes(grave) != look.content:
            with suppress(OSError):
                os.link(grave, path)
        grave.unlink()


def _unchanged_for(path: Path, look: _Look) -> float:
    """Seconds for which this process has seen the lock as it is now."""
    now = time.monotonic()
    before, since = _seen.get(str(path), (None, now))
    if before != look:
        _seen[str(path)] = look, now
        return 0.0
    return now - since


def _look(path: Path) -> _Look | None:
    content = read_bytes(path) or b""  # opening it first makes NFS ask its server for the rest
    try:
        return _Look(content, path.stat().st_mtime_ns)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _dead(look: _Look) -> bool:
    told = _told(look.content)
    try:
        return is_dead(ProcessMark(*(told[name] for name in ProcessMark._fields)))
    except (KeyError, TypeError):
        return False


def _told(content: bytes) -> dict[str, Any]:
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _beat(lock: RunLock, done: threading.Event) -> None:
    while not done.wait(BEAT_SECONDS):
        with suppress(OSError):
            if read_bytes(lock.path) == lock.content:
                os.utime(lock.path)
