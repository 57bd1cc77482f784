"""The columns of a list: a text, CSV, JSON-lines or parquet file."""

import codecs
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from datayield.data.sources.label_columns import is_label
from datayield.data.sources.table_files import read_table
from datayield.spec.errors import ConfigError, DataError

TABLES = (".csv", ".tsv", ".jsonl", ".parquet")
TEXT = (".txt", "")
ListedColumns = Mapping[str, Sequence[object]]


def read_columns(path: Path, name: str, line: str) -> ListedColumns:
    """The columns of a table, or the lines of a text file as a column `name`.

    `line`: what a line of a text file is, for the message. Raises ConfigError for another file,
    DataError for one that cannot be read.
    """
    kind = path.suffix.lower()
    step = f"write {line} in a .txt file, or a table with a column {name}"
    if path.is_dir():
        raise ConfigError(
            "a folder, not a list",
            where=str(path),
            allowed=[*TABLES, TEXT[0]],
            hint="name the file that holds the list",
        )
    if kind not in TABLES + TEXT:
        raise ConfigError(
            "not a list that can be read",
            where=str(path),
            got=path.suffix,
            allowed=[*TABLES, TEXT[0]],
            hint=step,
        )
    if not path.is_file():
        raise ConfigError("no such file", where=str(path), hint="check the path of the list")
    text = "" if kind == ".parquet" else _unicode(path)
    if kind in TABLES:
        columns = read_table(path, "correct the list").columns
    else:
        columns = {name: list(_written(text.splitlines()))}
    if not any(columns.values()):
        header = ", ".join(columns) if kind in TABLES else ""
        raise DataError(
            "the list is empty",
            where=str(path),
            got=f"a header without rows: {header}" if header else "no line with anything in it",
            allowed=f"{line}, or a row of a table",
            hint=step,
        )
    return columns


def blank_rows(number: int, what: str) -> list[str]:
    """A sentence on the rows that lack what is needed; none where there are none."""
    rows = "1 row has" if number == 1 else f"{number:,} rows have"
    return [f"{rows} no {what}, and {'is' if number == 1 else 'are'} left out"] if number else []


def _unicode(path: Path) -> str:
    """The text of a list. Guessing at another encoding could change an address or a prompt."""
    try:
        data = path.read_bytes()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise DataError(
            f"cannot read the list: {why}", where=str(path), hint="make the file readable"
        ) from error
    try:
        utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise DataError(
            "the list is not in UTF-8",
            where=f"{path}, line {line}",
            got=f"the byte 0x{data[error.start]:02x}",
            allowed="UTF-8; UTF-16 with its mark",
            hint="save the list as UTF-8, or correct this line",
        ) from error


def column_called(columns: ListedColumns, names: Sequence[str]) -> Sequence[object] | None:
    """The first column with one of these names, in lower case; None if there is none."""
    lower = {name.lower().strip(): name for name in reversed([*columns])}
    return next((columns[lower[name]] for name in names if name in lower), None)


def label_column(columns: ListedColumns) -> Sequence[object] | None:
    """The first column of classes; None if there is none."""
    return next((columns[name] for name in columns if is_label(name)), None)


def text_at(column: Sequence[object] | None, i: int) -> str | None:
    """What a column says in row `i`, without blanks at its ends; None for nothing."""
    value = None if column is None else column[i]
    return None if value is None else str(value).strip() or None


def _written(lines: Iterable[str]) -> Iterable[str]:
    """Lines that are neither empty nor comments."""
    return (line for line in map(str.strip, lines) if line and not line.startswith("#"))
