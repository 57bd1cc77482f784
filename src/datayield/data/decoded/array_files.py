"""Files of decoded images: written to a temporary folder, moved atomically, named by content."""

import errno
import hashlib
import os
import shutil
from functools import partial
from pathlib import Path

import numpy as np

from datayield.data.source import Labels
from datayield.spec.atomic_files import free_at, in_bytes
from datayield.spec.errors import DataError

ROWS_BYTES = 16 << 20  # moved per step when gaps are closed


def close_gaps(path: Path, kept: Labels, total: int, row: int) -> None:
    """Move the rows `kept` of `total`, of `row` bytes, to the front of the file and truncate it."""
    images = np.memmap(path, np.uint8, "r+", shape=(total, row))
    rows = max(1, ROWS_BYTES // images.shape[1])
    for start in range(0, len(kept), rows):
        chosen = kept[start : start + rows]
        images[start : start + len(chosen)] = images[chosen]  # the right side is copied first
    images.flush()
    del images
    os.truncate(path, len(kept) * row)


def content_digest(paths: list[Path], labels: dict[str, Labels], size: int) -> str:
    """16 hex digits over size, the files of pixels (and of masks), and labels."""
    sha = hashlib.sha256(f"{size}".encode())
    for path in paths:
        with path.open("rb") as file:
            for block in iter(partial(file.read, 1 << 20), b""):
                sha.update(block)
    return close_digest(sha, labels)


def close_digest(sha: "hashlib._Hash", labels: dict[str, Labels]) -> str:
    """16 hex digits over what `sha` has hashed and the labels."""
    for name, column in sorted(labels.items()):
        sha.update(name.encode() + column.astype("<i8").tobytes())
    return sha.hexdigest()[:16]


def room_for(needed: int, root: Path) -> bool:
    """Whether the disk has room for `needed` more bytes."""
    return shutil.disk_usage(root).free >= needed


def disk_full(needed: int, root: Path) -> DataError:
    """The error that states the space needed and the space available."""
    free = shutil.disk_usage(root if root.exists() else root.parent).free
    return DataError(
        f"the decoded images need {in_bytes(needed)}, and {in_bytes(free)} is free",
        where=str(root),
        got=free_at(root / "a file"),
        hint="free some space, or set DATAYIELD_CACHE to a folder on a larger disk",
    )


def not_stored(needed: int, root: Path, error: OSError) -> DataError:
    """The error of writing decoded images: the disk is full, or cannot be written."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return disk_full(needed, root) if full else unwritable(root, error)


def unwritable(root: Path, error: OSError) -> DataError:
    """The error for a cache folder that cannot be written for another reason than its size."""
    return DataError(
        f"decoded images cannot be written: {error.strerror or error}",
        where=str(error.filename or root),
        got=free_at(root / "a file"),
        hint="make the folder writable, or set DATAYIELD_CACHE to another one",
    )
