"""Atomic files: written to a temporary file, flushed, then renamed.

Every error of the disk becomes a `StoreError` that names the file, what it needed and what is free.
"""

import errno
import json
import os
import re
import shutil
import stat
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

from datayield.spec.errors import StoreError
from datayield.spec.this_process import ProcessMark, is_dead, this_process

LARGEST_TEXT = 64 << 20  # bytes of a record or of any other small file that is read whole
FORGOTTEN = 86_400.0  # seconds after which a file that was never completed is litter
AGAIN = "then run the same command again: it continues from what is saved"
DAMAGED = ".damaged"
_PART = re.compile(r"(?P<place>[0-9a-f]{8})-(?P<pid>\d+)-[0-9a-f]{32}(\.tmp)?")
_TO_READ = os.O_RDONLY
for _flag in ("O_NONBLOCK", "O_BINARY", "O_CLOEXEC"):  # those that the system has
    _TO_READ |= getattr(os, _flag, 0)
_SHORTEST_PART = 43  # characters that it takes at least: most names need no search


def write_with(
    path: Path,
    write: Callable[[BinaryIO], None],
    *,
    size: int | None = None,
    before: Callable[[], None] | None = None,
) -> None:
    """Let `write` fill a file that appears as `path` only when complete.

    `size`: bytes that it will have, where known. `before` is called just before the file appears
    and may raise, to prevent it; with it, only the file's own folder is created where missing.
    Raises StoreError if the disk is full or does not let us write.
    """
    beside = path.with_name(f".{path.name}.{part_name()}.tmp")
    watched: _Watched | None = None
    try:
        path.parent.mkdir(parents=before is None, exist_ok=True)
        with beside.open("wb") as file:
            watched = _Watched(file)
            write(cast(BinaryIO, watched))
            watched.flush()
            os.fsync(file.fileno())
        if before is not None:
            before()
        beside.replace(path)
    except Exception as error:
        # torch reports an error of the file as one of its own, while it closes its archive.
        cause = watched.error if watched is not None and watched.error is not None else error
        if isinstance(cause, OSError):
            raise cannot_write(path, cause, size or (watched.written if watched else 0)) from error
        raise
    finally:
        with suppress(OSError):  # the folder is gone, or read-only by now
            beside.unlink(missing_ok=True)


class _Watched:
    """A binary file that counts what it is given, and remembers the first error of writing it."""

    def __init__(self, file: Any) -> None:
        self._file, self.written = file, 0
        self.error: OSError | None = None

    def write(self, data: Any) -> int:
        self.written += memoryview(data).nbytes
        try:
            return int(self._file.write(data))
        except OSError as error:
            self.error = self.error or error
            raise

    def flush(self) -> None:
        try:
            self._file.flush()
        except OSError as error:
            self.error = self.error or error
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def cannot_write(path: Path, error: OSError, size: int = 0) -> StoreError:
    """The error of a write: what failed, the bytes that it needed, and what is free there now."""
    needs = f"{in_bytes(size)} needed, " if size else ""
    return StoreError(
        f"cannot write a file: {error.strerror or error}",
        where=str(path),
        got=f"{needs}{free_at(path)}",
        hint=_next_step(path, error),
    )


def _next_step(path: Path, error: OSError) -> str:
    """What to do after an error of writing `path`."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ESTALE, errno.ENODEV, errno.EIO):
        return f"bring the folder back (is its disk mounted?), {AGAIN}"
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"make {path.parent} writable, {AGAIN}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"free some space, {AGAIN}"
    return f"see that {path.parent} can be written, {AGAIN}"


def in_bytes(count: float) -> str:
    """1_250_000 -> '1.25 MB'; small counts keep their meaning."""
    if count < 1000:
        return f"{count:.0f} bytes"
    for unit in ("kB", "MB", "GB"):
        count /= 1000
        if count < 999.5:
            return f"{count:.3g} {unit}"
    return f"{count / 1000:.3g} TB"


def free_at(path: Path) -> str:
    """What is free on the disk of `path`, in words; also files, where that is what ran out."""
    there = next((each for each in path.absolute().parents if each.is_dir()), Path(path.anchor))
    try:
        free = shutil.disk_usage(there).free
    except OSError:
        return "free space unknown"
    words = f"{in_bytes(free)} free on the disk of {there}"
    if hasattr(os, "statvfs"):
        with suppress(OSError):
            found = os.statvfs(there)
            if found.f_files and found.f_favail == 0:
                words += ", but it has no room for another file (inodes)"
    if not os.access(there, os.W_OK):
        words += ", which is not writable"
    return words


def write_text(path: Path, text: str, before: Callable[[], None] | None = None) -> None:
    """`text` as UTF-8, whole or not at all."""
    write_bytes(path, text.encode(), before)


def write_bytes(path: Path, data: bytes, before: Callable[[], None] | None = None) -> None:
    """`data`, whole or not at all."""

    def write(file: BinaryIO) -> None:
        file.write(data)

    write_with(path, write, size=len(data), before=before)


def write_json(path: Path, value: Any, before: Callable[[], None] | None = None) -> None:
    """Write `value` as readable JSON, atomically."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True) + "\n", before)


def read_bytes(path: Path | str) -> bytes | None:
    """The content of a small file; None where no regular file of at most 64 MiB can be read.

    Never waits, even where the name is that of a pipe.
    """
    try:
        descriptor = os.open(path, _TO_READ)
    except (OSError, ValueError):
        return None
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST_TEXT:
            return None
        data = os.read(descriptor, about.st_size + 1)
        while len(data) < about.st_size and (more := os.read(descriptor, about.st_size)):
            data += more
        return data
    except OSError:
        return None
    finally:
        os.close(descriptor)


def read_json(path: Path) -> Any | None:
    """The JSON in `path`; None where there is no readable file or what is there is not JSON."""
    data = read_bytes(path)
    try:
        return None if data is None else json.loads(data)
    except (ValueError, RecursionError):
        return None


def part_name() -> str:
    """A new name for what is not complete yet; it tells `sweep` whose it is."""
    here = this_process()
    return f"{here.place}-{here.pid}-{uuid.uuid4().hex}"


def is_litter(name: str, age: float) -> bool:
    """Whether an incomplete file or folder of that name (`part_name` in it) and age is abandoned.

    It is where its process is surely dead, or where it is older than a day.
    """
    found = _PART.search(name)
    if found is None:
        return False
    here = this_process()
    owner = ProcessMark(*here[:3], int(found["pid"]))
    return age > FORGOTTEN or (found["place"] == here.place and is_dead(owner))


def sweep(folder: Path | str, every: bool = False) -> set[str]:
    """Remove what killed processes left incomplete in `folder`, and damaged files of yesterday.

    `every`: also what seems to be in use, where the caller has the folder to itself. Returns the
    names that were there.
    """
    names: set[str] = set()
    with suppress(OSError):
        for each in list(os.scandir(folder)):
            names.add(each.name)
            damaged = each.name.endswith(DAMAGED)
            part = len(each.name) >= _SHORTEST_PART and _PART.search(each.name) is not None
            if not (damaged or part):
                continue
            with suppress(OSError):
                age = time.time() - each.stat(follow_symlinks=False).st_mtime
                if (part and every) or age > FORGOTTEN or is_litter(each.name, age):
                    _remove(Path(each.path))
    return names


def set_aside(path: Path) -> Path:
    """Rename a damaged file or folder to `<name>.damaged`, for a look at it; `sweep` removes it.

    An earlier one is replaced. Raises StoreError where it cannot be renamed.
    """
    aside = path.with_name(path.name + DAMAGED)
    try:
        path.lstat()
        _remove(aside)
        path.replace(aside)
    except FileNotFoundError:
        pass  # another process was first
    except OSError as error:
        raise StoreError(
            f"cannot move a damaged file out of the way: {error.strerror}",
            where=str(path),
            hint=f"remove it, or make {path.parent} writable",
        ) from error
    return aside


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
