"""Which process this is, so that another one can tell whether it still runs.

Host names repeat (containers, cloned machines) and process ids are numbers of one namespace only,
so a process counts as dead only for one of the same host, boot and namespace.
"""

import hashlib
import os
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple


class ProcessMark(NamedTuple):
    """A process: the machine as this boot of it, the namespace of its ids, its id in there."""

    host: str
    boot: str  # empty where the system does not say (macOS, Windows)
    namespace: str  # of process ids; empty except on Linux
    pid: int

    @property
    def place(self) -> str:
        """8 hex digits over all but the process id."""
        return hashlib.sha256("\n".join(self[:3]).encode()).hexdigest()[:8]


def this_process() -> ProcessMark:
    """The mark of the calling process."""
    return ProcessMark(*_place(), os.getpid())


def is_dead(mark: ProcessMark) -> bool:
    """Whether the process has surely ended. False also means that it cannot be told from here."""
    same = mark[:3] == _place() and mark.pid > 0 and os.name == "posix"
    return same and not _alive(mark.pid)


@cache
def _place() -> tuple[str, str, str]:
    boot = namespace = ""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    with suppress(OSError):
        namespace = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 (no path: pid:[4026531836])
    return socket.gethostname(), boot, namespace


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
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
