"""Decode all images of a source into one file, in several processes that never import torch."""

import os
import pickle
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE, Popen
from typing import IO, NamedTuple, cast

import numpy as np

from datayield.data.decoded.decode import Decoded, Fit, decode, decode_mask
from datayield.data.source import Pixels, Source, masked
from datayield.spec.environment import cores
from datayield.spec.errors import DataError

CHUNK = 512  # images per task
ALONE = 2_000  # below this many images, starting processes costs more than it saves
MISSING = "missing file"
Progress = Callable[[int, int], None]


class DecodeJob(NamedTuple):
    """Write the images of `source` to their positions in `path`, `size * size * 3` bytes each.

    Masks, if any, go to their positions in `masks`, `size * size` bytes each. With `apart`, each
    chunk goes to a separate file, `part(start)`, and masks are not written. `white`: the value that
    becomes white in grey files whose range is not fixed, 0 for what each of them needs.
    """

    source: Source
    path: Path
    size: int
    fit: Fit
    masks: Path | None = None
    apart: bool = False
    white: int = 0

    def part(self, start: int) -> Path:
        """The file of the chunk that starts with image `start`, if chunks are separate."""
        return self.path.with_name(f"{self.path.name}-{start}")


class DecodeOutcome(NamedTuple):
    """(index, reason) of images that could not be decoded; conversion -> how many needed it.

    `unread`: those of the skipped that could not even be read, which may change without a trace.
    `pages`: images from files with further pages, which are not used. `white`: the value of white
    that some grey image needs -> how many images need it.
    """

    skipped: list[tuple[int, str]]
    conversions: Counter[str]
    unread: list[int]
    pages: list[int]
    white: Counter[int]

    def add(self, other: "DecodeOutcome") -> None:
        """Add the outcome of the images that follow."""
        self.skipped.extend(other.skipped)
        self.conversions.update(other.conversions)
        self.unread.extend(other.unread)
        self.pages.extend(other.pages)
        self.white.update(other.white)


def nothing_decoded() -> DecodeOutcome:
    """The outcome of no image."""
    return DecodeOutcome([], Counter(), [], [], Counter())


def decode_all(
    job: DecodeJob,
    workers: int | None = None,
    progress: Progress | None = None,
    take: Callable[[int, DecodeOutcome], None] | None = None,
) -> DecodeOutcome:
    """Run `job`. Damaged images are left as zeros and named in the outcome.

    `take(start, outcome)` is called for each written chunk, in order.

    `workers`: processes, by default one per usable core. Raises DataError if the source itself
    cannot be read, OSError if the disk is full.
    """
    total = len(job.source)
    for path, channels in () if job.apart else _files(job):
        with path.open("wb") as file:
            file.truncate(total * job.size**2 * channels)
    starts = range(0, total, CHUNK)
    count = min(workers or usable_cores(), len(starts)) if total >= ALONE else 1
    outcome, done = nothing_decoded(), 0
    for start, part in zip(starts, _outcomes(job, starts, count), strict=True):
        outcome.add(part)
        if take:
            take(start, part)
        done = min(start + CHUNK, total)
        if progress:
            progress(done, total)
    return outcome


def _files(job: DecodeJob) -> list[tuple[Path, int]]:
    """The files that are written, with their values per pixel."""
    return [(job.path, 3)] + ([(job.masks, 1)] if job.masks else [])


def usable_cores() -> int:
    """Cores available to this process; at most 32."""
    return min(32, cores())


def _outcomes(job: DecodeJob, starts: range, workers: int) -> Iterator[DecodeOutcome]:
    """Outcomes in the order of `starts`; worker k takes every `workers`-th chunk from the k-th.

    Plain processes that communicate by pickles: unlike `multiprocessing`, they do not import the
    caller's script (and torch with it) again, and a killed one is noticed.
    """
    if workers == 1:
        yield from (_decode_chunk(job, start) for start in starts)
        return
    command = [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    pool = [Popen(command, stdin=PIPE, stdout=PIPE, env=env) for _ in range(workers)]
    try:
        for k, worker in enumerate(pool):
            _send((job, starts[k::workers]), worker)
        for number in range(len(starts)):
            yield _received(pool[number % workers])
    finally:
        for worker in pool:
            worker.kill()
            with worker:  # closes its pipes and waits for it to exit
                pass


def serve() -> None:
    """The worker: read a job and its chunks from stdin, write outcomes to stdout."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    out, sys.stdout = sys.stdout.buffer, sys.stderr  # nothing else may write there
    try:
        job, starts = pickle.load(sys.stdin.buffer)
    except (EOFError, pickle.UnpicklingError):  # the parent was killed before it had sent all
        os._exit(1)
    for start in starts:
        try:
            said: DecodeOutcome | Exception = _decode_chunk(job, start)
        except Exception as error:  # raised again by the parent
            said = error
        try:
            out.write(pickle.dumps(said))
            out.flush()
        except BrokenPipeError:  # the parent was killed: nobody waits for the rest
            os._exit(1)


def _send(what: object, worker: Popen[bytes]) -> None:
    if worker.stdin:
        with suppress(BrokenPipeError), worker.stdin as pipe:  # its death is reported when we read
            pipe.write(pickle.dumps(what))


def _received(worker: Popen[bytes]) -> DecodeOutcome:
    try:
        said = pickle.load(cast(IO[bytes], worker.stdout))
    except (EOFError, pickle.UnpicklingError) as error:
        raise DataError(
            "a decoding process was killed, probably out of memory",
            hint="run the same command again, with more free memory",
        ) from error
    if isinstance(said, Exception):
        raise said
    return cast(DecodeOutcome, said)


def _decode_chunk(job: DecodeJob, start: int) -> DecodeOutcome:
    stop = min(start + CHUNK, len(job.source))
    pixels = np.zeros((stop - start, job.size, job.size, 3), np.uint8)
    masks = np.zeros((stop - start, job.size, job.size), np.uint8) if job.masks else None
    outcome = nothing_decoded()
    for i in range(start, stop):
        mask: Pixels | None = None
        try:
            decoded = decode(job.source.read(i), job.size, job.fit, job.white)
            if masks is not None and isinstance(decoded, Decoded):
                decoded, mask = _with_mask(job, i, decoded)
        except OSError as error:
            decoded = why_unread(error)
            if error.errno is not None:  # the file's or the disk's fault, which may pass
                outcome.unread.append(i)
        if isinstance(decoded, str):
            outcome.skipped.append((i, decoded))
            continue
        pixels[i - start] = decoded.pixels
        if masks is not None and mask is not None:
            masks[i - start] = mask
        outcome.conversions.update(decoded.conversions)
        if decoded.pages:
            outcome.pages.append(i)
        if decoded.white is not None:
            outcome.white[decoded.white] += 1
    if job.apart:
        job.part(start).write_bytes(pixels.data)
        return outcome
    _write(job.path, start, pixels)
    if job.masks and masks is not None:
        _write(job.masks, start, masks)
    return outcome


def why_unread(error: OSError) -> str:
    """Why a file could not be read, for a list of skipped images."""
    if isinstance(error, FileNotFoundError):
        return MISSING
    return f"cannot be read: {error.strerror}" if error.strerror else str(error)


def _with_mask(job: DecodeJob, i: int, decoded: Decoded) -> tuple[Decoded | str, Pixels | None]:
    """An image with its mask, or why there is no matching one."""
    source = masked(job.source)
    assert source is not None
    mask = decode_mask(source.read_mask(i), job.size, job.fit, decoded.stored)
    return (mask, None) if isinstance(mask, str) else (decoded, mask)


def _write(path: Path, start: int, rows: Pixels) -> None:
    with path.open("r+b", buffering=0) as file:  # not a memmap, whose pages count as memory
        file.seek(start * rows[0].nbytes)
        rest = memoryview(rows.tobytes())
        while rest:
            rest = rest[file.write(rest) :]
