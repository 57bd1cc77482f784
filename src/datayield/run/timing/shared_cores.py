"""Timing as one of several processes that share the cores of this machine."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from datayield.run.loop import restore_threads
from datayield.spec.environment import cores


@contextmanager
def as_one_of(jobs: int) -> Iterator[None]:
    """Give the block the threads that each of so many processes has."""
    with restore_threads():
        torch.set_num_threads(max(1, cores() // jobs))
        yield
