"""One server of workers (`--jobs 2`) for many attempts, so that none imports torch again."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing import forkserver
from pathlib import Path

_server = forkserver._forkserver  # type: ignore[attr-defined]


def start(environment: dict[str, str]) -> int:
    """Start the server; its workers have this environment. Returns its process id."""
    multiprocessing.set_forkserver_preload(["datayield.run.engines.processes"])
    before = dict(os.environ)
    os.environ.update(environment)
    idle = multiprocessing.get_context("forkserver").Process(target=time.sleep, args=(0,))
    idle.start()
    idle.join()  # now everything is imported
    os.environ.clear()
    os.environ.update(before)
    return int(_server._forkserver_pid)


def adopt() -> None:
    """Use the server in a forked copy of the process that started it, whose child it is not."""
    _server.ensure_running = lambda: None


def forget() -> None:
    """Start another server when one is needed, in a forked copy of the process with this one."""
    if _server._forkserver_alive_fd is not None:
        os.close(_server._forkserver_alive_fd)
    _server._forkserver_pid = _server._forkserver_address = _server._forkserver_alive_fd = None


def children(pid: int) -> Iterator[int]:
    """The child processes of a process that still run."""
    for name in os.listdir("/proc"):  # noqa: PTH208 (no look at what may just have ended)
        if not name.isdecimal():
            continue
        try:
            stat = (Path("/proc") / name / "stat").read_text()
        except OSError:
            continue
        fields = stat.rpartition(")")[2].split()
        if int(fields[1]) == pid and fields[0] not in "ZX":
            yield int(name)


def workers_of(command: int) -> Iterator[int]:
    """The workers of a command that has a server of its own."""
    for pid in children(command):
        try:
            started_as = (Path("/proc") / str(pid) / "cmdline").read_bytes()
        except OSError:
            continue
        if b"forkserver" in started_as:
            yield from children(pid)


def kill(pids: list[int]) -> bool:
    """SIGKILL to those that still run; whether there was one."""
    hit = False
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            hit = True
    return hit


def wait_for_workers(server: int, seconds: float) -> bool:
    """Whether all workers of the server end within some seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not any(children(server)):
            return True
        time.sleep(0.01)
    return False
