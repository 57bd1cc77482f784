"""Arrow files as the Hugging Face `datasets` library writes them: save_to_disk, or its cache."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datayield.data.census import PLAIN, Census
from datayield.data.source import Labels
from datayield.data.sources.arrow_columns import (
    class_columns,
    encoded_image,
    features_of,
    group_columns,
    image_column,
    name_of,
    no_image_column,
)
from datayield.data.sources.files import File, Keys, file_at
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
class Arrow:
    """Rows of `files`, in order: streams or files of Arrow's IPC format, mapped, not read."""

    files: tuple[Path, ...]
    beside: Census = PLAIN

    @cached_property
    def _starts(self) -> Labels:
        """The first row of each file, followed by the number of rows."""
        return np.cumsum([0, *(_table(path).num_rows for path in self.files)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def listing(self) -> Listing:
        return listing_of(self.files, len(self))

    @cached_property
    def stamp(self) -> str:
        return stamp_of(self.files, "arrow")

    @cached_property
    def keys(self) -> Keys:
        """A hash of each image's file (name, size, time, inode) and row in it: [N]."""
        return keys_of_rows((path, _table(path).num_rows) for path in self.files)

    @cached_property
    def census(self) -> Census:
        return census_of(self.files, len(self), self._columns, self.beside)

    @property
    def has_images(self) -> bool:
        """Whether a column holds images."""
        schema = _table(self.files[0]).schema
        return image_column(schema, features_of(schema)) is not None

    @cached_property
    def _image_column(self) -> str:
        schema = _table(self.files[0]).schema
        name = image_column(schema, features_of(schema))
        if name is None:
            raise no_image_column(self.files[0], features_of(schema))
        return name

    @cached_property
    def _columns(self) -> dict[str, Column]:
        tables = [_table(path) for path in self.files]
        schemas = [table.schema for table in tables]
        check_same([(p, of.names) for p, of in zip(self.files, schemas, strict=True)])
        return class_columns(schemas, lambda name: [table[name] for table in tables], self.files[0])

    @property
    def labels(self) -> dict[str, Labels]:
        return labels_in(self._columns)

    @property
    def classes(self) -> dict[str, list[str]]:
        return classes_in(self._columns)

    @property
    def group_columns(self) -> list[str]:
        return group_columns(_table(self.files[0]).schema)

    def groups(self, column: str) -> list[object]:
        return [v for path in self.files for v in _table(path)[column].to_pylist()]

    def names(self, i: int) -> str:
        return name_of(i, self._row(i))

    def read(self, i: int) -> bytes:
        return encoded_image(self._row(i), self.files[0])

    def _row(self, i: int) -> Any:
        f = int(np.searchsorted(self._starts, i, side="right")) - 1
        return _table(self.files[f])[self._image_column][i - int(self._starts[f])].as_py()


def _table(path: Path) -> "pa.Table":
    """A mapped file, opened once in each of its states. Raises DataError if it is not readable."""
    return _table_in(path, file_at(path))


@lru_cache(maxsize=64)
def _table_in(path: Path, _state: File) -> "pa.Table":
    import pyarrow as pa

    try:
        mapped = pa.memory_map(str(path))
        try:
            return pa.ipc.open_file(mapped).read_all()
        except pa.ArrowInvalid:
            mapped.seek(0)
            return pa.ipc.open_stream(mapped).read_all()
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"not a readable arrow file: {error}", where=str(path)) from error
