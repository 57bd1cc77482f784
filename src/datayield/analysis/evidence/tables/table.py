"""A table as it stands in a file: named columns of text cells, and the row that each came from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from datayield.analysis.evidence.tables.number_text import Amount, amount, decimal_comma, is_empty


class TableRow(NamedTuple):
    """One row. `number`: its line in the file, or its place in a list, from 1."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class RawTable:
    """Column names and rows of as many cells; `notes` say what was left out or changed."""

    source: str
    names: tuple[str, ...]
    rows: tuple[TableRow, ...]
    notes: tuple[str, ...] = ()
    counted: str = "line"  # what the numbers of its rows count

    def place(self, row: TableRow, column: str) -> str:
        """Where a cell is, for an error."""
        return f"{self.source}: column {column!r}, {self.counted} {row.number}"

    @cached_property
    def comma(self) -> bool:
        """Whether numbers have decimal commas; a column of one value (devices 0,1) is silent."""
        columns = (self.column(name) for name in self.names)
        return decimal_comma(cell for c in columns if len(set(c)) > 1 for cell in c)

    @cached_property
    def _at(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}

    @cached_property
    def _cells(self) -> dict[str, list[str]]:
        return {}

    @cached_property
    def _values(self) -> dict[str, list[float]]:
        return {}

    def cell(self, row: TableRow, name: str) -> str:
        """The text in a named column."""
        return row.cells[self._at[name]].strip()

    def number(self, row: TableRow, name: str) -> Amount | None:
        """The number in a named column; None if there is none."""
        return amount(self.cell(row, name), self.comma)

    def column(self, name: str) -> list[str]:
        """The cells of a column that are not empty."""
        if name not in self._cells:
            at = self._at[name]
            cells = [row.cells[at].strip() for row in self.rows if not is_empty(row.cells[at])]
            self._cells[name] = cells
        return self._cells[name]

    def numbers(self, name: str) -> list[float]:
        """The numbers of a column."""
        if name not in self._values:
            read = (amount(cell, self.comma) for cell in self.column(name))
            self._values[name] = [each.value for each in read if each is not None]
        return self._values[name]

    def is_numeric(self, name: str) -> bool:
        """Whether every cell that is not empty is a number, and there is one."""
        cells = self.column(name)
        return bool(cells) and len(self.numbers(name)) == len(cells)

    def mostly_numbers(self, name: str) -> bool:
        """Whether at least half of the cells that are not empty are numbers."""
        numbers = len(self.numbers(name))
        return numbers > 0 and 2 * numbers >= len(self.column(name))

    def without(self, drop: Callable[[TableRow], bool], note: str) -> "RawTable":
        """The rows that are kept; the note gets their count in front where any was dropped."""
        kept = tuple(row for row in self.rows if not drop(row))
        gone = len(self.rows) - len(kept)
        if not gone:
            return self
        said = f"{gone:,} {'row' if gone == 1 else 'rows'} {note}"
        return replace(self, rows=kept, notes=(*self.notes, said))

    def noted(self, *notes: str) -> "RawTable":
        """The same with more notes."""
        return replace(self, notes=(*self.notes, *notes))


def named(names: Sequence[str]) -> tuple[str, ...]:
    """Column names, the empty and the repeated ones told from each other by a number."""
    seen: dict[str, int] = {}
    made = []
    for i, name in enumerate(names, 1):
        text = " ".join(name.split()).strip("*").strip() or f"column {i}"
        seen[text] = seen.get(text, 0) + 1
        made.append(text if seen[text] == 1 else f"{text} ({seen[text]})")
    return tuple(made)
