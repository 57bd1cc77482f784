"""One writer per run: a lock file with a heartbeat, taken over only when its holder is gone."""

import fcntl
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from datayield.spec.atomic_files import read_json
from datayield.spec.errors import BusyError

STALE_SECONDS = 180.0
BEAT_SECONDS = 15.0
LOOK_SECONDS = 0.2
LOCK_TIMEOUT = STALE_SECONDS + BEAT_SECONDS  # by then the lock of a lost worker has expired
LOCK_FILE = "lock.json"


def holder(folder: Path) -> Literal["", "running", "stale"]:
    """Who holds `folder`: nobody, a live process, or one that is gone."""
    path = folder / LOCK_FILE
    try:
        age = time.time() - path.stat().st_mtime
    except (FileNotFoundError, NotADirectoryError):
        return ""
    other = read_json(path) or {}
    if other.get("host") == socket.gethostname() and not _alive(other.get("pid")):
        return "stale"
    return "stale" if age > STALE_SECONDS else "running"


@contextmanager
def run_lock(folder: Path, lock_timeout: float = 0.0) -> Iterator[None]:
    """Lock `folder` for the block. Raises BusyError if another live process holds it.

    `lock_timeout`: seconds to wait first, for example after a worker was lost on another machine.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOCK_FILE
    lock = {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "since": time.time(),
        "token": uuid.uuid4().hex,
    }
    until = time.monotonic() + lock_timeout
    while not _acquire(folder, lock):
        if time.monotonic() >= until:
            other = read_json(path) or {}
            raise BusyError(
                "another process is working on this run",
                where=str(folder),
                got=f"process {other.get('pid')} on {other.get('host')}",
                hint="let it finish, or stop it; its lock expires after 3 minutes",
            )
        time.sleep(LOOK_SECONDS)
    done = threading.Event()
    beat = threading.Thread(target=_beat, args=(path, lock, done), daemon=True)
    beat.start()
    try:
        yield
    finally:
        done.set()
        beat.join()
        if read_json(path) == lock:  # not that of a process that took over while this one slept
            path.unlink(missing_ok=True)


def _acquire(folder: Path, lock: dict[str, Any]) -> bool:
    """Write the lock file unless a live process holds the folder."""
    path = folder / LOCK_FILE
    with _exclusive(folder):
        if holder(folder) == "stale":
            grave = folder / f".stale-{uuid.uuid4().hex}"
            with suppress(FileNotFoundError):
                path.rename(grave)
                grave.unlink()
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        except FileExistsError:
            return False
        with os.fdopen(descriptor, "w") as file:
            json.dump(lock, file)
    return True


@contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    """Check and act exclusively, or else a fresh lock could be mistaken for a stale one.

    If the file system cannot lock a folder (NFS), only the rename protects.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _beat(path: Path, lock: dict[str, Any], done: threading.Event) -> None:
    while not done.wait(BEAT_SECONDS):
        if read_json(path) == lock:
            os.utime(path)


def _alive(pid: object) -> bool:
    if not isinstance(pid, int) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _zombie(pid)


def _zombie(pid: int) -> bool:
    """Whether the process has ended and waits to be reaped by its parent (Linux)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "Z"
