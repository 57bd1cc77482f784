"""The columns of a list: a text, CSV, JSON-lines or parquet file."""

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
    if path.suffix.lower() not in TABLES + TEXT:
        raise ConfigError(
            "not a list that can be read",
            where=str(path),
            got=path.suffix,
            allowed=[*TABLES, TEXT[0]],
            hint=f"write {line} in a .txt file, or a table with a column {name}",
        )
    if not path.is_file():
        raise ConfigError("no such file", where=str(path), hint="check the path of the list")
    if path.suffix.lower() in TABLES:
        return read_table(path).columns
    try:
        return {name: list(_written(path.read_text(encoding="utf-8-sig").splitlines()))}
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read the list: {error}", where=str(path)) from error


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
