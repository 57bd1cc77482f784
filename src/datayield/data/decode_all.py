"""Decode every image of a source into one file, in several processes that never import torch."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np

from datayield.data.decode import Fit, decode
from datayield.data.source import Source
from datayield.spec.errors import DataError

CHUNK = 512  # images per task
ALONE = 2_000  # below this many images, starting processes costs more than it saves
Progress = Callable[[int, int], None]


class Job(NamedTuple):
    """Write the images of `source` to their places in `path`, `size * size * 3` bytes each."""

    source: Source
    path: Path
    size: int
    fit: Fit


class Outcome(NamedTuple):
    """(index, reason) of images that could not be decoded; conversion -> how many needed it."""

    skipped: list[tuple[int, str]]
    conversions: Counter[str]


def decode_all(job: Job, workers: int | None = None, progress: Progress | None = None) -> Outcome:
    """Carry out `job`. Damaged images leave zeros and are named in the outcome.

    `workers`: processes, by default one per usable core. Raises DataError where the source
    itself cannot be read, OSError where the disk is full.
    """
    total = len(job.source)
    with job.path.open("wb") as file:
        file.truncate(total * job.size**2 * 3)
    starts = range(0, total, CHUNK)
    count = min(workers or usable_cores(), len(starts)) if total >= ALONE else 1
    outcome, done = Outcome([], Counter()), 0
    for start, part in zip(starts, _outcomes(job, starts, count), strict=True):
        outcome.skipped.extend(part.skipped)
        outcome.conversions.update(part.conversions)
        done = min(start + CHUNK, total)
        if progress:
            progress(done, total)
    return outcome


def usable_cores() -> int:
    """Cores that this process may run on, which batch systems restrict; at most 32."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return min(32, len(affinity(0)) if affinity else os.cpu_count() or 1)


def _outcomes(job: Job, starts: range, workers: int) -> Iterator[Outcome]:
    if workers == 1:
        yield from (_decode_chunk(job, start) for start in starts)
        return
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin, (job,))
    try:  # an executor, as it notices a process that was killed; a multiprocessing.Pool waits on
        yield from pool.map(_chunk_of_mine, starts)
    except BrokenProcessPool as error:
        raise DataError(
            "a decoding process was killed, probably for want of memory",
            hint="call prepare(..., workers=1), or give the job more memory; a script of your "
            'own must start its work under `if __name__ == "__main__":`',
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


_mine: list[Job] = []  # the job of this worker process


def _begin(job: Job) -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    _mine.append(job)


def _chunk_of_mine(start: int) -> Outcome:
    return _decode_chunk(_mine[0], start)


def _decode_chunk(job: Job, start: int) -> Outcome:
    stop = min(start + CHUNK, len(job.source))
    pixels = np.zeros((stop - start, job.size, job.size, 3), np.uint8)
    outcome = Outcome([], Counter())
    for i in range(start, stop):
        try:
            decoded = decode(job.source.read(i), job.size, job.fit)
        except FileNotFoundError:
            decoded = "missing file"
        except OSError as error:  # the disk's trouble, not the image's: not to be remembered
            raise DataError(f"cannot read an image: {error}", where=job.source.names(i)) from error
        if isinstance(decoded, str):
            outcome.skipped.append((i, decoded))
        else:
            pixels[i - start] = decoded.pixels
            outcome.conversions.update(decoded.conversions)
    with job.path.open("r+b", buffering=0) as file:  # not a memmap, whose pages count as memory
        file.seek(start * job.size**2 * 3)
        rest = memoryview(pixels).cast("B")
        while rest:
            rest = rest[file.write(rest) :]
    return outcome
