"""Decoded images in a file, read row by row at given positions.

Not a memory map: mapping the whole file counts against `ulimit -v`, its touched pages against the
resident set, and a disk error kills the process with SIGBUS. Positional reads cost one call per
row, go into the caller's buffer, and leave only page cache behind, which the system reclaims when
needed, also within a cgroup's limit.
"""

import os
import weakref
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np

from datayield.data.source import Labels, Pixels
from datayield.spec.errors import DataError

_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_one_reader = Lock()  # where a position belongs to the file, and not to the call


def _read_at(file: int, into: memoryview, start: int) -> int:
    """Bytes read into the buffer from position `start`; from several threads at once."""
    if hasattr(os, "preadv"):
        return os.preadv(file, [into], start)
    with _one_reader:  # Windows
        os.lseek(file, start, os.SEEK_SET)
        got = os.read(file, len(into))
    into[: len(got)] = got
    return len(got)


class Rows(Protocol):
    """Images [N, S, S, 3] with random access, from several threads at once."""

    @property
    def shape(self) -> tuple[int, ...]:
        """N, S, S, 3."""
        ...

    def read(self, chosen: Labels, out: Pixels, places: Labels) -> None:
        """Copy the images `chosen` [k] to `places` [k] of `out` [B, S, S, 3]."""
        ...


class Held:
    """Rows of an array in memory."""

    def __init__(self, images: Pixels) -> None:
        self._images = images
        self.shape = images.shape

    def read(self, chosen: Labels, out: Pixels, places: Labels) -> None:
        out[places] = self._images[chosen]


def rows_of(images: Rows | Pixels) -> Rows:
    """Images in memory as rows; rows unchanged."""
    return Held(images) if isinstance(images, np.ndarray) else images


class Stored:
    """Rows of a file of uint8. Raises DataError if it is missing, truncated or unreadable."""

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        self.path, self.shape = path, shape
        self._row = int(np.prod(shape[1:]))
        try:
            self._file = os.open(path, os.O_RDONLY | _FLAGS)
        except OSError as error:
            raise self._unreadable(str(error.strerror)) from error
        weakref.finalize(self, os.close, self._file)

    def read(self, chosen: Labels, out: Pixels, places: Labels) -> None:
        view = memoryview(out.reshape(-1).data)
        try:
            for index, place in zip(chosen.tolist(), places.tolist(), strict=True):
                self._read_row(index, view[place * self._row : (place + 1) * self._row])
        except OSError as error:
            raise self._unreadable(str(error.strerror)) from error

    def scattered(self) -> None:
        """Tell the system that rows will be read in random order, which disables read-ahead."""
        if hasattr(os, "posix_fadvise"):
            with suppress(OSError):
                os.posix_fadvise(self._file, 0, 0, os.POSIX_FADV_RANDOM)

    def _read_row(self, index: int, row: memoryview) -> None:
        done, start = 0, index * self._row
        while done < self._row:
            got = _read_at(self._file, row[done:], start + done)
            if not got:
                raise self._unreadable(f"the file ends before image {index} does")
            done += got

    def _unreadable(self, why: str) -> DataError:
        return DataError(
            f"decoded images cannot be read: {why}",
            where=str(self.path),
            hint=f"check the disk, delete {self.path.parent} and run again: "
            "the images will be decoded again",
        )
