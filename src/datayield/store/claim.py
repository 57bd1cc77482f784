"""One writer per run: a claim file with a heartbeat, taken over only when its holder is gone."""

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from datayield.spec.errors import StoreError
from datayield.store.atomic import read_json

STALE_SECONDS = 180.0
BEAT_SECONDS = 15.0


def holder(folder: Path) -> Literal["", "running", "stale"]:
    """Whether someone works on `folder`: nobody, a live process, or one that is gone."""
    path = folder / "claim.json"
    try:
        age = time.time() - path.stat().st_mtime
    except (FileNotFoundError, NotADirectoryError):
        return ""
    claim = read_json(path) or {}
    if claim.get("host") == socket.gethostname() and not _alive(claim.get("pid")):
        return "stale"
    return "stale" if age > STALE_SECONDS else "running"


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold `folder` for the block. Raises StoreError while another live process holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "claim.json"
    if holder(folder) == "stale":
        # rename is atomic: of two processes that see the same stale claim, one removes it
        grave = folder / f".stale-{uuid.uuid4().hex}"
        with suppress(FileNotFoundError):
            path.rename(grave)
            grave.unlink()
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except FileExistsError:
        claim = read_json(path) or {}
        raise StoreError(
            "this run is being worked on by another process",
            where=str(folder),
            got=f"process {claim.get('pid')} on {claim.get('host')}",
            hint="let it finish, or stop it; its claim lapses by itself after 3 minutes",
        ) from None
    with os.fdopen(descriptor, "w") as file:
        json.dump({"host": socket.gethostname(), "pid": os.getpid(), "since": time.time()}, file)
    done = threading.Event()
    beat = threading.Thread(target=_beat, args=(path, done), daemon=True)
    beat.start()
    try:
        yield
    finally:
        done.set()
        beat.join()
        path.unlink(missing_ok=True)


def _beat(path: Path, done: threading.Event) -> None:
    while not done.wait(BEAT_SECONDS):
        if path.exists():
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
    return True
