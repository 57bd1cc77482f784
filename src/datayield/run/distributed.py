"""Several processes per run, started by torchrun: a leader and its followers.

The leader (rank 0) works through the study as a single process would. Before each pretraining it
tells the others what to train, and all of them run the same loop; a follower uses a temporary
folder, so no shared file system is needed, and decodes its own images. Each DatayieldError that
ends the loop depends only on state common to all processes, and so ends it in all of them: a stop
request (to any), a non-finite loss, a damaged state. After any other error a process exits with a
non-zero code, and torchrun terminates the rest.
"""

import math
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor

from datayield.nets.distributed import all_gather_text, world_size
from datayield.run.device import choose
from datayield.run.loop import TrainingData, pretrain
from datayield.run.signals import interruptible
from datayield.run.training_data import training_data_of
from datayield.spec.errors import DataError, DatayieldError
from datayield.spec.run import RunSpec
from datayield.store.folders import RunFolder

GROUP_TIMEOUT = timedelta(
    days=30
)  # followers wait while the leader evaluates; torchrun notices dead ones


class Order(NamedTuple):
    """What followers should train, on which images, and from which saved state or encoder."""

    spec: RunSpec
    images: tuple[str, str]
    state: bytes | None
    weights: dict[str, Tensor] | None


@contextmanager
def leading(device: str) -> Iterator[None]:
    """Act as leader for the block; on normal exit the followers are released."""
    _join(choose(device))
    yield
    _broadcast(None)
    dist.destroy_process_group()


def order_followers(
    spec: RunSpec, data: TrainingData, folder: RunFolder, weights: dict[str, Tensor] | None = None
) -> None:
    """Make the followers train `spec` from the folder's state; a no-op with one process.

    Raises DataError if one of them has different images; then none of them starts.
    """
    if world_size() > 1:
        saved = folder.state.read_bytes() if folder.state.exists() else None
        _broadcast(Order(spec, data.digests, saved, weights))
        problems = [text for text in all_gather_text("") if text]
        if problems:
            raise DataError(problems[0], where=f"another of the {world_size()} processes")


def follow(device: str) -> None:
    """Train whatever the leader orders until it releases this process. Prints nothing."""
    chosen = choose(device)
    _join(chosen)
    with interruptible(lambda _: None) as stop:
        while (order := _broadcast(None)) is not None:
            _follow_order(order, chosen, stop)
    dist.destroy_process_group()


def _follow_order(order: Order, device: torch.device, stop: Event) -> None:
    data, problem = _images(order, device)
    if any(all_gather_text(problem)) or data is None:
        return  # the leader reports it
    with tempfile.TemporaryDirectory(prefix="datayield-") as scratch:
        folder = RunFolder(Path(scratch))
        if order.state is not None:
            folder.state.write_bytes(order.state)
        loop = pretrain(
            order.spec,
            data,
            folder,
            shares=(),
            device=device,
            stop=stop,
            init_weights=order.weights,
            save_seconds=math.inf,
        )
        # The leader raises and reports the same DatayieldError, except for images, read here.
        with closing(data.images), suppress(DatayieldError):
            try:
                for _ in loop:
                    pass
            except DataError as error:
                raise SystemExit(error.text()) from error


def _images(order: Order, device: torch.device) -> tuple[TrainingData | None, str]:
    """The images of a run, or the error in reading them."""
    try:
        data = training_data_of(order.spec, device)
    except DatayieldError as error:
        return None, error.text()
    if data.digests != order.images:
        return (
            None,
            f"{order.spec.data.words!r} holds different images on this machine than on rank 0",
        )
    return data, ""


def _join(device: torch.device) -> None:
    """Join the process group that torchrun's environment describes."""
    backend = "gloo"
    if device.type == "cuda":
        torch.cuda.set_device(device)
        backend = "cpu:gloo,cuda:nccl"
    dist.init_process_group(backend, timeout=GROUP_TIMEOUT)


def _broadcast(order: Order | None) -> Order | None:
    """Broadcast the leader's order to every process, via the CPU to keep GPUs idle."""
    box: list[Any] = [order]
    dist.broadcast_object_list(box, src=0, device=torch.device("cpu"))
    received: Order | None = box[0]
    return received
