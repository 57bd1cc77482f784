"""Parquet files in the layout of the Hugging Face `datasets` library."""

import json
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datayield.data.source import Labels
from datayield.spec.errors import DataError
from datayield.spec.identity import digest
from datayield.spec.run import Listing

if TYPE_CHECKING:
    import pyarrow as pa

SHARD = re.compile(r"(?P<split>.+)-(?P<part>\d{5})-of-(?P<parts>\d{5})")
LABEL_COLUMNS = ("label", "labels")
MASK_COLUMN = "mask"


def splits(root: Path) -> dict[str, list[Path]]:
    """Split -> its files in order, from `<split>-0000i-of-0000n.parquet` or `<split>.parquet`.

    They may be in a sub-folder `data/`. Raises DataError if a part of a split is missing.
    """
    shards: dict[str, list[Path]] = {}
    for path in sorted([*root.glob("*.parquet"), *root.glob("data/*.parquet")]):
        shard = SHARD.fullmatch(path.stem)
        shards.setdefault(shard["split"] if shard else path.stem, []).append(path)
    for split, paths in shards.items():
        shard = SHARD.fullmatch(paths[0].stem)
        if shard and len(paths) != int(shard["parts"]):
            raise DataError(
                f"split {split!r} is incomplete: {len(paths)} of {int(shard['parts'])} files",
                where=str(root),
                hint="download the missing files",
            )
    return shards


@dataclass(frozen=True)
class Parquet:
    """Rows of `files`, in order. Row groups are read when needed; four stay in memory.

    A column `mask` of encoded images holds the class of each pixel.
    """

    files: tuple[Path, ...]

    @cached_property
    def groups(self) -> tuple[tuple[int, int, int], ...]:
        """(first row, file, row group) of every row group, from the metadata."""
        groups, start = [], 0
        for f, path in enumerate(self.files):
            meta = _opened(path).metadata
            for g in range(meta.num_row_groups):
                if meta.row_group(g).num_rows:
                    groups.append((start, f, g))
                start += meta.row_group(g).num_rows
        return (*groups, (start, -1, -1))

    def __len__(self) -> int:
        return self.groups[-1][0]

    def listing(self) -> Listing:
        return Listing(digest([[p.name, p.stat().st_size] for p in self.files]), len(self))

    @cached_property
    def stamp(self) -> str:
        info = [(str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in self.files]
        return digest(info, 24)

    @cached_property
    def features(self) -> dict[str, dict[str, Any]]:
        """Column -> its feature in the `huggingface` metadata; a guess without metadata."""
        schema = _opened(self.files[0]).schema_arrow
        features: dict[str, dict[str, Any]] = {name: {} for name in schema.names}
        told = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features |= told.get("info", {}).get("features", {})
        return {name: features[name] for name in schema.names}

    @cached_property
    def image_column(self) -> str:
        """The first column of images. Raises DataError if there is none."""
        typed = [c for c, kind in self.features.items() if kind.get("_type") == "Image"]
        named = [c for c in ("image", "img") if c in self.features]
        if not typed + named:
            raise DataError(
                "no image column",
                where=str(self.files[0]),
                got=list(self.features),
                allowed="a column named image or img, or one marked as Image in the metadata",
            )
        return (typed + named)[0]

    @cached_property
    def label_columns(self) -> list[str]:
        """Columns of class indices, according to their names and the metadata."""
        return [
            name
            for name, kind in self.features.items()
            if kind.get("_type") == "ClassLabel" or name in LABEL_COLUMNS
        ]

    @cached_property
    def labels(self) -> dict[str, Labels]:
        """Class columns. One with missing or negative values (a hidden test set) is left out."""
        columns = {}
        for name in self.label_columns:
            chunks = [_opened(path).read(columns=[name])[name] for path in self.files]
            if any(c.null_count or not str(c.type).startswith(("int", "uint")) for c in chunks):
                continue
            column = np.concatenate([c.to_numpy() for c in chunks]).astype(np.int64)
            if column.min(initial=0) >= 0:
                columns[name] = column
        return columns

    @cached_property
    def classes(self) -> dict[str, list[str]]:
        classes = {}
        for name, column in self.labels.items():
            told = self.features[name].get("names")
            classes[name] = list(told or map(str, range(int(column.max(initial=-1)) + 1)))
        return classes

    @property
    def has_masks(self) -> bool:
        return MASK_COLUMN in self.features and self.image_column != MASK_COLUMN

    def read_mask(self, i: int) -> bytes:
        row = self._row(i, MASK_COLUMN)
        return (row.get("bytes") if isinstance(row, dict) else row) or b""

    def names(self, i: int) -> str:
        row = self._row(i)
        path = row.get("path") if isinstance(row, dict) else None
        return f"row {i}" + (f" ({path})" if path else "")

    def read(self, i: int) -> bytes:
        row = self._row(i)
        return (row.get("bytes") if isinstance(row, dict) else row) or b""

    def _row(self, i: int, column: str | None = None) -> Any:
        start, f, g = self.groups[int(np.searchsorted(self._starts, i, side="right")) - 1]
        return _group(self.files[f], g, column or self.image_column)[i - start].as_py()

    @cached_property
    def _starts(self) -> Labels:
        return np.array([start for start, _, _ in self.groups], np.int64)


def _opened(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"not a readable parquet file: {error}", where=str(path)) from error


@lru_cache(maxsize=4)  # neighbours in order, and masks: bounded memory, each group read once
def _group(path: Path, group: int, column: str) -> "pa.ChunkedArray":
    import pyarrow as pa

    try:
        return _opened(path).read_row_group(group, columns=[column])[column]
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"corrupt parquet file: {error}", where=f"{path}, group {group}") from error
