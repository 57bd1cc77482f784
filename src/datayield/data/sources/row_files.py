"""What files of rows have in common, be they parquet, arrow or npz: stamps, keys, label columns."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from datayield.data.census import NONE, Census, Noted
from datayield.data.content import key_of
from datayield.data.source import UNLABELLED, Labels
from datayield.data.sources.files import Keys, file_at, keys_within
from datayield.data.sources.label_columns import Column
from datayield.data.sources.shards import notes
from datayield.spec.errors import DataError
from datayield.spec.identity import digest
from datayield.spec.run import Listing


def listing_of(paths: Iterable[Path], rows: int, *more: object) -> Listing:
    """The listing of files by their names and sizes."""
    return Listing(digest([*([p.name, p.stat().st_size] for p in paths), *more]), rows)


def stamp_of(paths: Iterable[Path], *more: object) -> str:
    """A digest of the files' places, sizes, times and inodes."""
    return digest([*([str(path), *file_at(path)[1:]] for path in paths), *more], 24)


def keys_of_rows(rows: Iterable[tuple[Path, int]], *more: object) -> Keys:
    """A hash of each row's file (name, size, time, inode) and its number in it: [N]."""
    parts = [
        keys_within(key_of(*file_at(path), *more), np.arange(number, dtype=np.int64))
        for path, number in rows
    ]
    return np.concatenate(parts) if parts else np.zeros(0, np.uint64)


def unlabelled(columns: Mapping[str, Column]) -> Noted:
    """The rows without a label in any of the columns."""
    if not columns:
        return NONE
    missing = np.logical_or.reduce([c.numbers == UNLABELLED for c in columns.values()])
    rows = np.flatnonzero(missing)
    return Noted(len(rows), tuple(f"row {i}" for i in rows[:3]))


def census_of(
    files: Sequence[Path], used: int, columns: Mapping[str, Column], beside: Census
) -> Census:
    """The census of rows in `files`, with what is said of the dataset's other files."""
    merged, ambiguous = notes([file_at(path) for path in files])
    return beside._replace(
        used=used,
        merged={**merged, **beside.merged},
        unlabelled=unlabelled(columns),
        ambiguous={**ambiguous, **beside.ambiguous},
    )


def labels_in(columns: Mapping[str, Column]) -> dict[str, Labels]:
    """Name of a label -> class numbers [N]."""
    return {name: column.numbers for name, column in columns.items()}


def classes_in(columns: Mapping[str, Column]) -> dict[str, list[str]]:
    """Name of a label -> names of its classes."""
    return {name: column.names for name, column in columns.items()}


def check_same(columns: Sequence[tuple[Path, Sequence[str]]]) -> None:
    """Raises DataError if files of one split have different columns."""
    (first, names), *others = columns
    for path, own in others:
        if {*own} != {*names}:
            raise DataError(
                "files of one split have different columns",
                where=f"{first} and {path.name}",
                got=f"{', '.join(names)}; {', '.join(own)}",
                hint="write them again with the same columns, or put them in folders of their own",
            )
