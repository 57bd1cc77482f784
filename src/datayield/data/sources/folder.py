"""Folders of image files: one folder per class (nested or not), or flat and unlabeled."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from datayield.data.content import Digests, key_of
from datayield.data.source import Labels
from datayield.data.splits import KNOWN
from datayield.spec.errors import DataError
from datayield.spec.identity import digest
from datayield.spec.run import Listing

EXTENSIONS = frozenset(
    f".{kind}"
    for kind in ("jpg", "jpeg", "jfif", "png", "bmp", "gif", "webp", "avif", "tif", "tiff", "jp2")
    + ("ppm", "pgm", "pbm", "tga")
)


class File(NamedTuple):
    """A file below a folder: relative name with `/`, bytes, modification time in ns."""

    name: str
    size: int
    changed: int
    inode: int

    @property
    def parent(self) -> str:
        """Its class folder; empty for a file in the root folder itself."""
        return self.name.rpartition("/")[0]


def splits(root: Path) -> dict[str, Path]:
    """Split -> its folder; `{"train": root}` for a folder without splits.

    Sub-folders are splits if two have the name of a split or nothing else exists, so that a class
    called `train` among vehicles is not mistaken for one.
    """
    folders = {e.name: Path(e.path) for e in _visible(root) if e.is_dir()}
    named = {name: path for name, path in folders.items() if name.lower() in KNOWN}
    if len(named) >= 2 or (named and len(named) == len(folders)):
        return {name.lower(): path for name, path in sorted(named.items())}
    return {"train": root}


@dataclass(frozen=True)
class Folder:
    """The image files below `root`, sorted by name.

    The class of an image is its folder. Images outside any class folder make the whole split
    unlabeled. Classes are collected over all splits, so that their indices agree.
    """

    root: Path
    siblings: tuple[Path, ...] = ()  # folders of the other splits

    @cached_property
    def files(self) -> tuple[File, ...]:
        """All image files, sorted by name."""
        return tuple(sorted(_files(self.root)))

    def __len__(self) -> int:
        return len(self.files)

    def listing(self) -> Listing:
        return Listing(digest([[f.name, f.size] for f in self.files]), len(self))

    @cached_property
    def stamp(self) -> str:
        return digest([str(self.root), self.files, self.classes], 24)

    @cached_property
    def classes(self) -> dict[str, list[str]]:
        names = {f.parent for f in self.files}
        if "" in names or not names:
            return {}
        for sibling in self.siblings:
            names |= {f.parent for f in _files(sibling)}
        return {"label": sorted(names - {""})}

    @cached_property
    def labels(self) -> dict[str, Labels]:
        if not self.classes:
            return {}
        index = {name: i for i, name in enumerate(self.classes["label"])}
        return {"label": np.array([index[f.parent] for f in self.files], np.int64)}

    @cached_property
    def keys(self) -> Digests:
        return np.array([key_of(*file) for file in self.files], np.uint64)

    def names(self, i: int) -> str:
        return self.files[i].name

    def read(self, i: int) -> bytes:
        return (self.root / self.files[i].name).read_bytes()


def _files(root: Path) -> Iterator[File]:
    """Image files below `root`; each real folder is entered once, whatever the symlinks."""
    pending, entered = [(root, "")], set[tuple[int, int]]()
    while pending:
        folder, prefix = pending.pop()
        info = folder.stat()
        if (info.st_dev, info.st_ino) in entered:
            continue
        entered.add((info.st_dev, info.st_ino))
        for entry in _visible(folder):
            if entry.is_dir():
                pending.append((Path(entry.path), f"{prefix}{entry.name}/"))
            elif os.path.splitext(entry.name)[1].lower() in EXTENSIONS:  # noqa: PTH122
                yield _file(entry, prefix)


def _file(entry: os.DirEntry[str], prefix: str) -> File:
    try:
        info = entry.stat()
    except FileNotFoundError:  # a broken link: listed, and later reported as skipped
        return File(prefix + entry.name, 0, 0, 0)
    return File(prefix + entry.name, info.st_size, info.st_mtime_ns, info.st_ino)


def _visible(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [e for e in entries if not e.name.startswith((".", "__MACOSX"))]
    except OSError as error:
        raise DataError(
            f"cannot list a folder of images: {error.strerror}",
            where=str(folder),
            hint="check that it exists and is readable",
        ) from error
