"""Attempts at the tiny study: forked processes whose file operations are counted, and disturbed."""

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

EVENTS = {"open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"}
RUN = ("run", "tiny.yaml", "--save-every", "0", "--device", "cpu")
PATIENCE = 120.0  # seconds for one attempt


class Attempt(NamedTuple):
    """One process that ran the study: how it ended, and how many file operations it had begun."""

    code: int  # negative: the signal
    operations: int
    seconds: float
    kills: int = 0  # of it and of its workers


class Disturbance(NamedTuple):
    """What `act` does in the process before its file operation number `at`, and those after.

    `act` gets the file that is about to be synced, None for another operation, and returns whether
    it is done; until then it is called before each operation.
    """

    at: int
    act: Callable[[int | None], bool]


def start(
    folder: Path,
    command: Sequence[str] = RUN,
    disturbance: Disturbance | None = None,
    first: Callable[[], None] | None = None,
) -> tuple[int, int]:
    """Fork a process that runs `command` in `folder`; its id and a pipe of its operations.

    `first` is called in it before all else.
    """
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        if first is not None:
            first()
        _child(folder, command, disturbance, theirs)
    os.close(theirs)
    return pid, ours


def attempt(
    folder: Path, command: Sequence[str] = RUN, disturbance: Disturbance | None = None
) -> Attempt:
    """Run the command to its end."""
    began = time.monotonic()
    pid, pipe = start(folder, command, disturbance)
    code = waited(pid, began + PATIENCE)
    if code is None:
        os.killpg(pid, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return Attempt(code, operations(pipe), time.monotonic() - began)


def environment(folder: Path) -> dict[str, str]:
    """Store and cache below `folder`."""
    names = {"DATAYIELD_STORE": "store", "DATAYIELD_CACHE": "cache"}
    return {variable: str(folder / name) for variable, name in names.items()}


def operations(pipe: int) -> int:
    """How many were begun; waits until all processes of the attempt have ended."""
    with os.fdopen(pipe, "rb") as told:
        return len(told.read())


def waited(pid: int, until: float) -> int | None:
    """The exit code of the process; None if it still runs at `until`."""
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= until:
            return None
        time.sleep(0.001)


def _child(
    folder: Path, command: Sequence[str], disturbance: Disturbance | None, pipe: int
) -> None:
    """The process of an attempt; each of its file operations writes a byte to `pipe`."""
    code = 70
    try:
        os.setsid()
        os.set_inheritable(pipe, True)
        output = os.open(folder / "output", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(folder)
        os.environ.update(environment(folder))
        _count_operations(str(folder), disturbance, pipe)
        from datayield.cli import main as datayield

        sys.argv = ["datayield", *command]
        datayield()
    except SystemExit as done:
        code = int(done.code or 0)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _count_operations(folder: str, disturbance: Disturbance | None, pipe: int) -> None:
    """Count file operations of this process below `folder`, and disturb them as asked."""
    begun, owner, sync = 0, os.getpid(), os.fsync
    acting = disturbance is not None

    def begin(file: int | None = None) -> None:
        nonlocal begun, acting
        if os.getpid() != owner:  # a forked process that draws
            return
        begun += 1
        os.write(pipe, b".")
        if disturbance is not None and acting and begun >= disturbance.at:
            acting = False  # what `act` does itself is not counted
            acting = not disturbance.act(file)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in EVENTS and isinstance(arguments[0], str | os.PathLike):
            path = os.fspath(arguments[0])
            if isinstance(path, str) and path.startswith(folder) and not path.endswith("output"):
                begin()

    def counted_sync(file: int) -> None:
        begin(file)
        sync(file)

    os.fsync = counted_sync  # type: ignore[assignment]
    sys.addaudithook(hook)
