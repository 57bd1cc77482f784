"""Rows of tables that cannot be used as they stand: what is wrong, and an example of each."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from datayield.data.sources.files import File
from datayield.data.sources.table_files import FileTable

ABSENT = "named in a table but not found"
Fault = tuple[str, str]  # the kind, and an example of it
CONTRADICTED = object()  # the value of a file to which rows give two different ones


class Contradiction(NamedTuple):
    """Two values of one column that rows give to one file."""

    one: object
    other: object


def merged_values(
    into: Sequence[object], found: Sequence[int | None], values: Sequence[object]
) -> tuple[list[object], dict[int, Contradiction]]:
    """`into` [N] with the values of the rows, whose files are `found`; and who has two values.

    Neither is used then: the value is `CONTRADICTED`. Rows that repeat a value are no fault.
    """
    whole, twice = [*into], dict[int, Contradiction]()
    for i, value in zip(found, values, strict=True):
        if i is None or value is None or whole[i] is CONTRADICTED:
            continue
        if whole[i] is None:
            whole[i] = value
        elif whole[i] != value:
            twice[i] = Contradiction(whole[i], value)
            whole[i] = CONTRADICTED
    return whole, twice


def contradictory(
    column: str, table: str, twice: Mapping[int, Contradiction], files: Sequence[File]
) -> list[Fault]:
    """The files with two values of a column, and both values."""
    kind = f"contradictory values of {column!r} in {table}"
    return [(kind, f"{files[i].name}: {of.one} and {of.other}") for i, of in twice.items()]


def empty(
    column: str,
    table: str,
    named: Sequence[int],
    values: Sequence[object],
    files: Sequence[File],
) -> list[Fault]:
    """Those of the `named` files without a value; `values` [N] are what all rows give."""
    kind = f"rows of {table} that have no {column!r}"
    return [(kind, files[i].name) for i in named if values[i] is None]


def uneven(table: FileTable, name: str, elsewhere: Sequence[bool]) -> Iterator[Fault]:
    """The lines of rows with fewer or more cells than the header has columns.

    `elsewhere`: whether each row is about a file of another split.
    """
    for row, line, surplus in table.uneven:
        if not elsewhere[row]:
            kind = "surplus" if surplus > 0 else "missing"
            yield f"{kind} cells in rows of {name}", f"line {line}"
