"""Processes that have torch when they begin, forked from a server that has imported it once.

To import it again takes a process longer than most of what the tests have it do.
"""

import multiprocessing
import os
import select
import sys
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any
from unittest.mock import patch

SECONDS = 600.0  # that a process may take on a machine that others use
# What `datayield run` imports late. The command line itself reads the environment when imported.
PRELOADED = [
    "datayield.run.engines.processes", "datayield.session", "datayield.report.page",
    "torch._dynamo", "scipy.optimize", "scipy.stats", "sklearn.linear_model", "jinja2",
    "matplotlib.backends.backend_svg", "matplotlib.backends.backend_pdf",
]  # fmt: skip


def server() -> ForkServerContext:
    """The context whose processes are forked; the engine for several tasks shares its server."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def begin(function: Callable[..., Any], *arguments: Any, **changed: str) -> ForkServerProcess:
    """Call `function`, of a module's top level, in a process with this environment and folder.

    `changed`: variables that the environment has besides.
    """
    return _begin(function, arguments, os.environ | changed, Path.cwd())


def exit_code(function: Callable[..., Any], *arguments: Any) -> int:
    """How a process that calls `function` ends; its traceback goes to standard error."""
    process = begin(function, *arguments)
    process.join(SECONDS)
    assert process.exitcode is not None, "a process does not end"
    return process.exitcode


class Command:
    """`datayield` with these arguments, in a folder and with an environment of its own.

    Its report writes no figure files, which would take most of a tiny study's time.
    """

    def __init__(self, *arguments: str, environment: Mapping[str, str], folder: Path) -> None:
        self._output, theirs = server().Pipe(duplex=False)
        self._process = _begin(_command, (theirs, arguments), environment, folder)
        theirs.close()

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None and self._process.pid is not None:
            os.kill(self._process.pid, number)

    def wait(self, seconds: float = SECONDS) -> str:
        """What it printed, once it and all processes that it started have closed their output."""
        deadline, printed = time.monotonic() + seconds, b""
        while True:
            left = max(0.0, deadline - time.monotonic())
            assert select.select([self._output], [], [], left)[0], f"no end: {printed.decode()}"
            if not (more := os.read(self._output.fileno(), 1 << 16)):
                break
            printed += more
        self._output.close()
        self._process.join(max(1.0, deadline - time.monotonic()))
        assert self.poll() is not None, f"no end: {printed.decode()}"
        return printed.decode()


def _begin(
    function: Callable[..., Any], arguments: Any, environment: Mapping[str, str], folder: Path
) -> ForkServerProcess:
    process = server().Process(target=_call, args=(function, arguments, {**environment}, folder))
    process.start()
    return process


def _call(
    function: Callable[..., Any], arguments: Any, environment: dict[str, str], folder: Path
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    function(*arguments)


def _command(output: Connection, arguments: tuple[str, ...]) -> None:
    for number in (1, 2):
        os.dup2(output.fileno(), number)
    output.close()
    # The server's own are of files that it had, and cannot be reconfigured for a pipe.
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
    sys.argv = ["datayield", *arguments]
    from datayield.cli import main

    with patch("datayield.report.page.page.write_static", return_value=[]):
        main()
