"""Whether files of rows (parquet, arrow, npz) are the dataset, or lie beside files of images."""

from collections.abc import Callable, Sequence
from pathlib import Path

from datayield.data.sources import arrow, npz, parquet
from datayield.data.sources.arrow_columns import features_of, image_column
from datayield.data.sources.files import File
from datayield.spec.errors import DataError

DEEP = 2  # folders down, where a program or an older experiment keeps files of its own


def in_parquet(path: Path) -> int:
    """The rows of a file with a column of images; 0 without one. Raises DataError."""
    file = parquet.opened(path)
    schema = file.schema_arrow
    return file.metadata.num_rows if image_column(schema, features_of(schema)) else 0


def in_arrow(path: Path) -> int:
    """As `in_parquet`."""
    rows = arrow.Arrow((path,))
    return len(rows) if rows.has_images else 0


def in_npz(path: Path) -> int:
    """The images in the arrays of a file; 0 where none are images, or it is not readable."""
    try:
        return sum(len(npz.Npz(path, of)) for of in npz.splits(path).values())
    except DataError:
        return 0


def are_deep(files: Sequence[File]) -> bool:
    """Whether all files lie deep in a folder."""
    return all(f.name.count("/") >= DEEP for f in files)


def are_the_dataset(
    root: Path, files: Sequence[File], images: int, held: Callable[[Path], int]
) -> bool:
    """Whether files of rows are the dataset of a folder with so many `images` in files.

    Those that all lie deep in it are if they hold more images. Raises DataError for others that
    are not readable.
    """
    deep, rows = are_deep(files), 0
    for f in files:
        try:
            rows += held(root / f.name)
        except DataError:
            if not deep:
                raise
        if rows > deep * images:
            return True
    return False
