"""A task of the VTAB-1k pack: lists `train800.txt`, `val200.txt`, `test.txt` of images and labels.

Lines are `images/... label`, relative to the task's folder.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from datayield.data.census import Census
from datayield.data.source import Labels
from datayield.data.sources.files import read_file
from datayield.spec.errors import DataError
from datayield.spec.identity import digest
from datayield.spec.run import Listing

LISTS = ("train800", "val200", "train800val200", "test")


def splits(root: Path) -> dict[str, Path]:
    """Split -> its list; empty if `root` does not have the layout of the pack."""
    lists = {name: root / f"{name}.txt" for name in LISTS if (root / f"{name}.txt").is_file()}
    return lists if "train800" in lists or "train800val200" in lists else {}


@dataclass(frozen=True)
class Pack:
    """One list of a task, in its order. Raises DataError for a malformed line."""

    path: Path

    @cached_property
    def rows(self) -> list[tuple[str, int]]:
        """(relative name, label) of each line."""
        lines = self.path.read_text(encoding="utf-8").splitlines()
        rows = []
        for number, line in enumerate(lines, 1):
            name, _, label = line.strip().rpartition(" ")
            if not line.strip():
                continue
            if not name or not label.isdigit() or name.startswith("/") or ".." in name.split("/"):
                raise DataError(
                    "invalid line in a VTAB-1k list",
                    where=f"{self.path}, line {number}",
                    got=line,
                    allowed="images/NAME LABEL, with labels starting at 0",
                )
            rows.append((name.strip(), int(label)))
        return rows

    def __len__(self) -> int:
        return len(self.rows)

    def listing(self) -> Listing:
        return Listing(digest(self.rows), len(self))

    @property
    def census(self) -> Census:
        return Census(len(self))

    @cached_property
    def stamp(self) -> str:
        files = [(name, *_state(self.path.parent / name)) for name, _ in self.rows]
        return digest([str(self.path), self.rows, files], 24)

    @property
    def labels(self) -> dict[str, Labels]:
        return {"label": np.array([label for _, label in self.rows], np.int64)}

    @property
    def classes(self) -> dict[str, list[str]]:
        """Numbers: the pack names no classes."""
        return {"label": [str(i) for i in range(1 + max(label for _, label in self.rows))]}

    def names(self, i: int) -> str:
        return self.rows[i][0]

    def read(self, i: int) -> bytes:
        return read_file(self.path.parent / self.rows[i][0])


def _state(path: Path) -> tuple[int, int, int]:
    """Bytes, modification time and inode; zeros for a missing file, which decoding will report."""
    try:
        info = path.stat()
    except FileNotFoundError:
        return 0, 0, 0
    return info.st_size, info.st_mtime_ns, info.st_ino
