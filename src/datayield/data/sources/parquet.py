"""Parquet files in the layout of the Hugging Face `datasets` library."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datayield.data.census import PLAIN, Census
from datayield.data.source import Labels
from datayield.data.sources.arrow_columns import (
    MASK_COLUMN,
    ColumnFeatures,
    class_columns,
    encoded_image,
    features_of,
    group_columns,
    image_column,
    label_names,
    name_of,
    no_image_column,
)
from datayield.data.sources.files import Keys
from datayield.data.sources.label_columns import Column
from datayield.data.sources.row_files import (
    census_of,
    check_same,
    classes_in,
    keys_of_rows,
    labels_in,
    listing_of,
    stamp_of,
)
from datayield.spec.errors import DataError
from datayield.spec.run import Listing

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Parquet:
    """Rows of `files`, in order. Row groups are read when needed; four stay in memory.

    A column `mask` of encoded images holds the class of each pixel. `beside` is what is said of the
    dataset's other files.
    """

    files: tuple[Path, ...]
    beside: Census = PLAIN

    @cached_property
    def _metadata(self) -> list[Any]:
        """That of each file, read once."""
        return [opened(path).metadata for path in self.files]

    @cached_property
    def _row_groups(self) -> tuple[tuple[int, int, int], ...]:
        """(first row, file, row group) of every row group, from the metadata."""
        groups, start = [], 0
        for f, meta in enumerate(self._metadata):
            for g in range(meta.num_row_groups):
                if meta.row_group(g).num_rows:
                    groups.append((start, f, g))
                start += meta.row_group(g).num_rows
        return (*groups, (start, -1, -1))

    def __len__(self) -> int:
        return self._row_groups[-1][0]

    def listing(self) -> Listing:
        return listing_of(self.files, len(self))

    @cached_property
    def stamp(self) -> str:
        return stamp_of(self.files)

    @cached_property
    def keys(self) -> Keys:
        rows = (meta.num_rows for meta in self._metadata)
        return keys_of_rows(zip(self.files, rows, strict=True))

    @cached_property
    def census(self) -> Census:
        return census_of(self.files, len(self), self._columns, self.beside)

    @cached_property
    def features(self) -> ColumnFeatures:
        """Column -> its feature in the `huggingface` metadata; {} without metadata."""
        return features_of(self._schema)

    @cached_property
    def _schema(self) -> "pa.Schema":
        return self._metadata[0].schema.to_arrow_schema()

    @cached_property
    def image_column(self) -> str:
        """The first column of images. Raises DataError if there is none."""
        name = image_column(self._schema, self.features)
        if name is None:
            raise no_image_column(self.files[0], self.features)
        return name

    @cached_property
    def label_columns(self) -> list[str]:
        """Columns of classes, according to their names and the metadata."""
        return label_names(self._schema, self.features)

    @cached_property
    def _columns(self) -> dict[str, Column]:
        schemas = [meta.schema.to_arrow_schema() for meta in self._metadata]
        check_same([(p, of.names) for p, of in zip(self.files, schemas, strict=True)])
        return class_columns(schemas, self._column, self.files[0])

    @property
    def labels(self) -> dict[str, Labels]:
        return labels_in(self._columns)

    @property
    def classes(self) -> dict[str, list[str]]:
        return classes_in(self._columns)

    @property
    def group_columns(self) -> list[str]:
        return group_columns(self._schema)

    def groups(self, column: str) -> list[object]:
        return [v for chunks in self._column(column) for v in chunks.to_pylist()]

    def _column(self, name: str) -> "list[pa.ChunkedArray]":
        """A column of each file."""
        return [_column(*of, name) for of in zip(self.files, self._metadata, strict=True)]

    @property
    def has_masks(self) -> bool:
        return MASK_COLUMN in self.features and self.image_column != MASK_COLUMN

    def read_mask(self, i: int) -> bytes:
        return encoded_image(self._row(i, MASK_COLUMN), self.files[0])

    def names(self, i: int) -> str:
        return name_of(i, self._row(i))

    def read(self, i: int) -> bytes:
        return encoded_image(self._row(i), self.files[0])

    def _row(self, i: int, column: str | None = None) -> Any:
        start, f, g = self._row_groups[bisect_right(self._starts, i) - 1]
        path, name = self.files[f], column or self.image_column
        return _group(path, self.stamp, g, name)[i - start].as_py()

    @cached_property
    def _starts(self) -> list[int]:
        return [start for start, _, _ in self._row_groups]


def opened(path: Path, metadata: Any = None) -> Any:
    """A parquet file, of which `metadata` is known. Raises DataError if it is not readable."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path, metadata=metadata, pre_buffer=False)  # for networks, not disks
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"not a readable parquet file: {error}", where=str(path)) from error


def _column(path: Path, metadata: Any, name: str) -> "pa.ChunkedArray":
    import pyarrow as pa

    try:
        return opened(path, metadata).read(columns=[name], use_threads=False)[name]
    except (pa.ArrowException, OSError, KeyError) as error:
        raise DataError(f"corrupt parquet file: {error}", where=f"{path}, column {name}") from error


@lru_cache(maxsize=4)  # neighbours in order, and masks: bounded memory, each group read once
def _group(path: Path, _stamp: str, group: int, column: str) -> "pa.ChunkedArray":
    import pyarrow as pa

    try:
        return opened(path).read_row_group(group, columns=[column])[column]
    except (pa.ArrowException, OSError, KeyError) as error:
        raise DataError(f"corrupt parquet file: {error}", where=f"{path}, group {group}") from error
