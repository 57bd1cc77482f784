"""Two processes in one gloo group that stay for all tests of this process."""

import atexit
import io
import socket
import tempfile
import traceback
import warnings
from collections.abc import Callable
from functools import cache
from multiprocessing.connection import Connection
from typing import Any

import torch
import torch.distributed as dist

from tests.forked import server

PROCESSES = 2
SECONDS = 300.0  # that an answer may take


def environments() -> list[dict[str, str]]:
    """What torchrun adds to the environment of each of two processes, of a group not yet begun."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    group = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    return [group | {"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(PROCESSES)]


def both(function: Callable[..., Any], *arguments: Any) -> list[Any]:
    """What `function`, of a module's top level, returns in each of the two processes.

    Plain values and tensors. Raises AssertionError with the traceback of one that raised.
    """
    for pipe in _pipes():
        pipe.send((function, arguments))
    answers = []
    for pipe in _pipes():
        assert pipe.poll(SECONDS), "a process does not answer"
        answers.append(torch.load(io.BytesIO(pipe.recv_bytes()), weights_only=False))
    for failed, value in answers:
        assert not failed, value
    return [value for _, value in answers]


@cache
def _pipes() -> list[Connection]:
    context = server()
    folder = tempfile.TemporaryDirectory()
    pipes, processes = [], []
    for rank in range(PROCESSES):
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(rank, folder.name, theirs), daemon=True)
        process.start()
        pipes.append(ours)
        processes.append(process)

    def close() -> None:
        for pipe in pipes:
            pipe.send(None)
        for process in processes:
            process.join(20)
        folder.cleanup()

    atexit.register(close)
    return pipes


def _serve(rank: int, folder: str, pipe: Connection) -> None:
    warnings.simplefilter("error", FutureWarning)
    torch.set_num_threads(1)
    meet = f"file://{folder}/meet"
    dist.init_process_group("gloo", init_method=meet, rank=rank, world_size=PROCESSES)
    while (asked := pipe.recv()) is not None:
        function, arguments = asked
        try:
            answer = (False, function(*arguments))
        except BaseException:
            answer = (True, traceback.format_exc())
        box = io.BytesIO()
        torch.save(answer, box)
        pipe.send_bytes(box.getvalue())
    dist.destroy_process_group()
