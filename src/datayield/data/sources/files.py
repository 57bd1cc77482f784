"""The files below a folder, in order: names, sizes and times; what cannot be read is named."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from datayield.data.census import Noted, by_kind
from datayield.data.content import GOLDEN, key_of, mixed
from datayield.spec.errors import DataError

Keys = NDArray[np.uint64]

EXTENSIONS = frozenset(
    f".{kind}"
    for kind in ("jpg", "jpeg", "jfif", "jpe", "mpo", "png", "apng", "bmp", "dib", "gif", "webp")
    + ("avif", "tif", "tiff", "jp2", "j2k", "ppm", "pgm", "pbm", "pnm", "tga")
)
HEIF = frozenset({".heic", ".heif", ".hif"})  # read where the extra `heif` is installed
LARGEST = 1 << 30  # bytes of an encoded image
# Folders of systems and tools: thumbnails, and what was deleted. Hidden ones start with a dot.
FOREIGN = (
    *("__MACOSX", "__pycache__", "@eaDir", "$RECYCLE.BIN", "System Volume Information"),
    *("node_modules", "site-packages"),
)
ENVIRONMENTS = frozenset({"pyvenv.cfg", "conda-meta"})  # what a folder with an installed Python has


class File(NamedTuple):
    """A file below a folder: relative name with `/`, bytes, modification time in ns, inode.

    `touched`: when it or its attributes last changed, in ns, which no copying tool can set back.
    """

    name: str
    size: int
    changed: int
    inode: int = 0
    touched: int = 0

    @property
    def parent(self) -> str:
        """Its folder; empty for a file in the root folder itself."""
        return self.name.rpartition("/")[0]

    @property
    def extension(self) -> str:
        """In lower case and with its dot; empty without one."""
        return extension_of(self.name)


class Tree(NamedTuple):
    """All regular files below a folder, sorted by name; `unusable`: (reason, name) of the rest.

    `unread`: (kind, name) of folders that hold nothing, are hidden, or belong to tools.
    """

    files: tuple[File, ...]
    unusable: tuple[tuple[str, str], ...] = ()
    unread: tuple[tuple[str, str], ...] = ()

    def below(self, folder: str) -> "Tree":
        """The part below a sub-folder `folder`, names relative to it."""
        cut = f"{folder}/"
        return Tree(
            tuple(
                f._replace(name=f.name[len(cut) :]) for f in self.files if f.name.startswith(cut)
            ),
            tuple((why, n[len(cut) :]) for why, n in self.unusable if n.startswith(cut)),
            tuple((kind, n[len(cut) :]) for kind, n in self.unread if n.startswith(cut)),
        )

    @property
    def images(self) -> tuple[File, ...]:
        """The files of images, by their extensions."""
        kinds = image_extensions()
        return tuple(f for f in self.files if f.extension in kinds)

    @property
    def skipped(self) -> dict[str, Noted]:
        """Reason -> the images and folders that cannot be read for it."""
        return by_kind(self.unusable)


def extension_of(name: str) -> str:
    """The extension of a file name in lower case and with its dot; empty without one."""
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 - a million names


@cache
def image_extensions() -> frozenset[str]:
    """Extensions of the images that can be decoded here."""
    return EXTENSIONS | HEIF if find_spec("pillow_heif") else EXTENSIONS


def by_type(files: Iterable[File]) -> dict[str, Noted]:
    """Files that are not used, by type: `.heic files` -> their names."""
    return by_kind((type_of(f.name), f.name) for f in files)


def type_of(name: str) -> str:
    """What a file of this name is called among files that are not used."""
    extension = extension_of(name)
    if extension in HEIF:
        return f'{extension} files, which pip install "datayield[heif]" reads'
    return f"{extension} files" if extension else "files without an extension"


def walk(root: Path) -> Tree:
    """The files below `root`; each real folder is entered once, whatever the links.

    A folder is read by its own name before any link to it. Hidden files are left out, and so is
    what tools install: a folder with a virtual environment, `node_modules`. Raises DataError if
    `root` itself cannot be listed.
    """
    files: list[File] = []
    unusable: list[tuple[str, str]] = []
    unread: list[tuple[str, str]] = []
    real = root.resolve()
    kinds = image_extensions()
    pending, links, entered = [(root, "")], list[tuple[Path, str]](), set[tuple[int, int]]()
    while pending or links:
        folder, prefix = pending.pop() if pending else links.pop(0)
        try:
            info = folder.stat()
            if (info.st_dev, info.st_ino) in entered:
                if not real.is_relative_to(folder.resolve()):  # a circle repeats nothing
                    unusable.append(("link to a folder that is used", prefix.rstrip("/")))
                continue
            entered.add((info.st_dev, info.st_ino))
            with os.scandir(folder) as found:
                every = list(found)
            entries = [e for e in every if not e.name.startswith((".", *FOREIGN))]
        except OSError as error:
            if not prefix:
                raise unlisted(root, error) from error
            unusable.append((f"folder cannot be listed: {error.strerror}", prefix.rstrip("/")))
            continue
        if not every and extension_of(prefix.rstrip("/")) in kinds:
            unusable.append(("an empty folder, not a file", prefix.rstrip("/")))
        elif prefix and (kind := _unread_kind(every)):
            unread.append((kind, prefix.rstrip("/")))
            continue
        unread += _left_out(every, prefix)
        for entry in entries:
            made = _entry(entry, prefix)
            if made is None:
                below = links if entry.is_symlink() else pending
                below.append((Path(entry.path), f"{prefix}{entry.name}/"))
            elif isinstance(made, File):
                files.append(made)
            elif extension_of(entry.name) in kinds:
                unusable.append((made, prefix + entry.name))
    return Tree(tuple(sorted(files)), tuple(sorted(unusable)), tuple(sorted(unread)))


def _unread_kind(entries: Sequence[os.DirEntry[str]]) -> str | None:
    """What a folder is of which nothing is read, for what it holds; None where it is read."""
    if not entries:
        return "empty folders"
    return "virtual environments" if ENVIRONMENTS & {e.name for e in entries} else None


def _left_out(entries: Iterable[os.DirEntry[str]], prefix: str) -> Iterator[tuple[str, str]]:
    """(kind, name) of the folders that are not entered, for their names."""
    for entry in entries:
        if entry.name.startswith((".", *FOREIGN)) and entry.is_dir(follow_symlinks=False):
            kind = "hidden folders" if entry.name.startswith(".") else "folders of tools"
            yield kind, prefix + entry.name


def unlisted(folder: Path, error: OSError) -> DataError:
    """The error for a folder that cannot be listed."""
    return DataError(
        f"cannot list a folder of images: {error.strerror}",
        where=str(folder),
        hint="check that it exists and is readable",
    )


def file_at(path: Path) -> File:
    """One file by its name alone. Raises DataError if it is not there."""
    try:
        info = path.stat()
    except OSError as error:
        raise DataError(f"cannot read a file: {error.strerror}", where=str(path)) from error
    return File(path.name, info.st_size, info.st_mtime_ns, info.st_ino, info.st_ctime_ns)


def read_file(path: Path) -> bytes:
    """The bytes of a file. Never waits, and never reads without end.

    Raises OSError for what is missing, unreadable or no file (a named pipe), and above LARGEST.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode):
            raise OSError(errno.EINVAL, "not a file")
        if info.st_size > LARGEST:
            raise OSError(errno.EFBIG, f"too large: {info.st_size / 1e9:,.1f} GB")
        with open(handle, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(handle)


def _entry(entry: os.DirEntry[str], prefix: str) -> File | str | None:
    """A file; None for a folder; else why it is neither."""
    try:
        if entry.is_dir():
            return None
        info = entry.stat()
    except FileNotFoundError:  # a broken link: listed, and later reported as skipped
        return File(prefix + entry.name, 0, 0)
    except OSError as error:  # such as a link to itself
        return f"{error.strerror}"
    if stat.S_ISREG(info.st_mode):
        return File(
            prefix + entry.name, info.st_size, info.st_mtime_ns, info.st_ino, info.st_ctime_ns
        )
    for is_kind, name in (
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    ):
        if is_kind(info.st_mode):
            return f"{name}, not a file"
    return "not a regular file"


def keys_of(files: Iterable[File]) -> Keys:
    """A 64-bit hash of each file's name, size, times and inode: [N]."""
    return np.fromiter((key_of(*f) for f in files), np.uint64)


def keys_within(file: int, rows: NDArray[np.int64]) -> Keys:
    """The key `file` of a file, mixed with each of the rows or offsets in it: [N]."""
    with np.errstate(over="ignore"):
        return mixed(np.uint64(file) + rows.astype(np.uint64) * GOLDEN)
