"""`datayield` and `python FILE` for a shell, in processes forked from one that has imported all.

A command is a small script that hands its arguments, environment, folder and standard streams to
a server through a socket, and exits as its process there did.
"""

import json
import multiprocessing
import os
import runpy
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.forked import begin

STREAMS = (0, 1, 2)
COMMAND = """\
#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [b" "], {streams})
    server.sendall(json.dumps([sys.argv, dict(os.environ), os.getcwd()]).encode())
    server.shutdown(socket.SHUT_WR)
    sys.exit(int(server.recv(16)))
"""


@contextmanager
def served() -> Iterator[Path]:
    """A folder for the front of PATH, whose `datayield` and `python` run in forked processes."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        address = f"{folder}/socket"
        listener.bind(address)
        listener.listen()
        text = COMMAND.format(python=sys.executable, address=address, streams=STREAMS)
        for name in ("datayield", "python"):
            command = Path(folder, name)
            command.write_text(text, encoding="utf-8")
            command.chmod(0o755)
        server = begin(_serve, listener)
        listener.close()  # the server's is now the only one
        try:
            yield Path(folder)
        finally:
            server.terminate()
            server.join()


def _serve(listener: socket.socket) -> None:
    """Run one command after another, each in a fork of this process."""
    fork = multiprocessing.get_context("fork")
    while True:
        with listener.accept()[0] as client:
            _, streams, _, _ = socket.recv_fds(client, 1, len(STREAMS))
            with client.makefile("rb") as asked:
                process = fork.Process(target=_run, args=(streams, *json.load(asked)))
            process.start()
            for stream in streams:
                os.close(stream)
            process.join()
            client.sendall(str(process.exitcode).encode())


def _run(streams: list[int], arguments: list[str], environment: dict[str, str], folder: str) -> Any:
    for number, stream in zip(STREAMS, streams, strict=True):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", buffering=1)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    name, sys.argv = Path(arguments[0]).name, arguments
    if name == "datayield":
        from datayield.cli import main

        main()
    sys.path.insert(0, "")
    sys.argv = arguments[1:]
    if sys.argv[0] == "-c":
        exec(sys.argv[1], {"__name__": "__main__"})
    else:
        runpy.run_path(sys.argv[0], run_name="__main__")
