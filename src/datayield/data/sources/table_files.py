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

MISSING = frozenset({"NaN", "nan", "NAN", "null", "NULL", "NA", "N/A", "#N/A", "<NA>"})


class FileTable(NamedTuple):
    """A table: column -> values, all of one length; empty and missing values are None."""

    path: Path
    columns: dict[str, list[object]]


def read_table(path: Path) -> FileTable:
    """The table in a file. Raises DataError if it cannot be read as one."""
    try:
        if path.suffix.lower() == ".parquet":
            return FileTable(path, _of_parquet(path))
        text = _text(path)
        if path.suffix.lower() == ".jsonl":
            return FileTable(path, _of_json_lines(text))
        return FileTable(path, _of_csv(text))
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(
            f"not a readable table: {error}",
            where=str(path),
            hint="correct the file, or move it out of the folder of images",
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


def _of_csv(text: str) -> dict[str, list[object]]:
    head = text.partition("\n")[0]
    delimiter = max(",;\t|", key=head.count)
    lines = [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if any(row)]
    if not lines:
        return {}
    names = [name.strip() for name in lines[0]]
    if any(is_image(name) for name in names):  # no header: the first row names an image
        names = ["file_name" if is_image(n) else f"column {i}" for i, n in enumerate(names)]
        others = [i for i, name in enumerate(names) if name != "file_name"]
        if len(others) == 1:
            names[others[0]] = "label"
        lines.insert(0, names)
    columns = list(zip_longest(*([row[: len(names)] for row in lines]), fillvalue=""))
    table: dict[str, list[object]] = {}
    for name, (_, *column) in zip(names, columns, strict=True):
        known = {text: _value(text) for text in {*column}}  # equal texts become one object
        values: list[object] = [known[text] for text in column]
        if is_label(name) and table.get(name, values) != values:
            raise ValueError(f"two columns are called {name!r} and differ")
        if name:
            table.setdefault(name, values)
    return table


def _value(text: str) -> str | None:
    plain = text.strip()
    return None if not plain or plain in MISSING else plain


def _of_json_lines(text: str) -> dict[str, list[object]]:
    rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError("each line must hold one mapping")
    names = dict.fromkeys(name for row in rows for name in row)
    plain = (str, int, float, bool)
    return {
        name: [row[name] if isinstance(row.get(name), plain) else None for row in rows]
        for name in names
    }


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
