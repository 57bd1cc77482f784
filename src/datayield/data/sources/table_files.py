"""Tables in files as columns: CSV in its spellings, JSON lines, parquet."""

import codecs
import csv
import json
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from datayield.data.sources.files import EXTENSIONS, HEIF, extension_of
from datayield.data.sources.label_columns import is_label
from datayield.spec.errors import DataError

SHOWN = 60  # characters of a line that cannot be read
MISSING = frozenset({"NaN", "nan", "NAN", "null", "NULL", "NA", "N/A", "#N/A", "<NA>"})


class FileTable(NamedTuple):
    """A table: column -> values, all of one length; empty and missing values are None.

    `uneven`: the rows that do not have as many cells as the header.
    """

    path: Path
    columns: dict[str, list[object]]
    uneven: tuple["UnevenRow", ...] = ()


class UnevenRow(NamedTuple):
    """A row by its place below the header, its line in the file, and the cells it has too many.

    `surplus` is negative where cells are missing.
    """

    row: int
    line: int
    surplus: int


def read_table(
    path: Path, remedy: str = "correct the file, or move it out of the folder of images"
) -> FileTable:
    """The table in a file. Raises DataError, with the remedy, if it cannot be read as one."""
    try:
        if path.suffix.lower() == ".parquet":
            return FileTable(path, _of_parquet(path))
        text = _text(path)
        if path.suffix.lower() == ".jsonl":
            return FileTable(path, _of_json_lines(text))
        return FileTable(path, *_of_csv(text))
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(
            f"not a readable table: {error}",
            where=str(path),
            hint=remedy,
        ) from error


def is_image(value: object) -> bool:
    return isinstance(value, str) and extension_of(value) in EXTENSIONS | HEIF


def _text(path: Path) -> str:
    data = path.read_bytes()
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _of_csv(text: str) -> tuple[dict[str, list[object]], tuple[UnevenRow, ...]]:
    head = text.partition("\n")[0]
    delimiter = max(",;\t|", key=head.count)
    reader = csv.reader(text.splitlines(), delimiter=delimiter)
    numbered = [(reader.line_num, row) for row in reader if any(row)]
    lines = [row for _, row in numbered]
    if not lines:
        return {}, ()
    names = [name.strip() for name in lines[0]]
    if any(is_image(name) for name in names):  # no header: the first row names an image
        names = ["file_name" if is_image(n) else f"column {i}" for i, n in enumerate(names)]
        others = [i for i, name in enumerate(names) if name != "file_name"]
        if len(others) == 1:
            names[others[0]] = "label"
        lines.insert(0, names)
    width = max((i for i, name in enumerate(names, 1) if name), default=0)
    below = numbered[len(numbered) + 1 - len(lines) :]  # all of them where there is no header
    uneven = tuple(
        UnevenRow(i, line, surplus)
        for i, (line, row) in enumerate(below)
        if len(row) != width and (surplus := _surplus(row, width))
    )
    columns = list(zip_longest(*([row[: len(names)] for row in lines]), fillvalue=""))
    table: dict[str, list[object]] = {}
    for name, (_, *column) in zip(names, columns, strict=True):
        known = {text: _value(text) for text in {*column}}  # equal texts become one object
        values: list[object] = [known[text] for text in column]
        if is_label(name) and table.get(name, values) != values:
            raise ValueError(f"two columns are called {name!r} and differ")
        if name:
            table.setdefault(name, values)
    return table, uneven


def _surplus(row: list[str], width: int) -> int:
    """The cells of a row beyond `width`, empty ones at its end aside; negative if some miss."""
    filled = max((i for i, cell in enumerate(row, 1) if cell.strip()), default=0)
    return min(len(row) - width, 0) or max(filled - width, 0)


def _value(text: str) -> str | None:
    plain = text.strip()
    return None if not plain or plain in MISSING else plain


def _of_json_lines(text: str) -> dict[str, list[object]]:
    rows = [
        _mapping(line, number) for number, line in enumerate(text.splitlines(), 1) if line.strip()
    ]
    names = dict.fromkeys(name for row in rows for name in row)
    plain = (str, int, float, bool)
    return {
        name: [row[name] if isinstance(row.get(name), plain) else None for row in rows]
        for name in names
    }


def _mapping(line: str, number: int) -> dict[str, object]:
    """The row that a line holds. Raises ValueError, with the number of the line, for none."""
    try:
        row = json.loads(line)
    except ValueError as error:
        raise ValueError(f"line {number} is not JSON: {line.strip()[:SHOWN]}") from error
    if not isinstance(row, dict):
        raise ValueError(f"line {number} must hold one mapping")
    return row


def _of_parquet(path: Path) -> dict[str, list[object]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
        kinds = pa.types
        plain = (kinds.is_string, kinds.is_large_string, kinds.is_integer, kinds.is_floating)
        wanted = [f.name for f in schema if is_label(f.name) or any(of(f.type) for of in plain)]
        columns: dict[str, list[object]] = pq.read_table(path, columns=wanted).to_pydict()
        return columns
    except pa.ArrowException as error:
        raise ValueError(str(error)) from error
