"""The picked images as a table: a row per image, the reasons in columns of their own."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from datayield.spec.atomic_files import read_bytes, write_text
from datayield.spec.errors import ConfigError


class PickedRow(NamedTuple):
    """A picked image, and why.

    `predicted` and `margin`: the most likely class by the study's labels, and how much likelier it
    is than the next, 0 to 1. `stands_for`: images of the pool in its cluster. `nearest_task_image`
    is the nearest of the task's training images, `task_cosine` how alike (-1 to 1).
    `own_cosine`: the same of the nearest image that the study was pretrained on, where images are
    collected.
    """

    rank: int
    image: str
    predicted: str
    margin: float
    stands_for: int
    nearest_task_image: str
    task_cosine: float
    own_cosine: float | None


def write_table(rows: Sequence[PickedRow], path: Path) -> bool:
    """Write a CSV file, without empty columns; False if it is there already.

    Raises ConfigError for any other file.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    told = [name for name in PickedRow._fields if any(getattr(r, name) is not None for r in rows)]
    writer.writerow(told)
    for row in rows:
        cells = [getattr(row, name) for name in told]
        writer.writerow([f"{cell:.4f}" if isinstance(cell, float) else cell for cell in cells])
    encoded = text.getvalue().encode("utf-8", "surrogateescape")
    if path.exists():
        if path.is_file() and read_bytes(path) == encoded:
            return False
        raise ConfigError(
            "the output exists already, and is not this table",
            where=str(path),
            hint="choose another file, or remove this one",
        )
    write_text(path, text.getvalue())
    return True
