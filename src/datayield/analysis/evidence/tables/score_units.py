"""Percent or share: told from the values and units of a whole column."""

from typing import NamedTuple

from datayield.analysis.evidence.tables.column_names import column_name
from datayield.analysis.evidence.tables.score_columns import ScoreColumn
from datayield.analysis.evidence.tables.table import RawTable, TableRow
from datayield.spec.errors import DataError

_FEW = 0.5  # of a column of percents that may be at most 1


class ScoreUnit(NamedTuple):
    """What a value is divided by to be a share, and whether it is an error."""

    divisor: float
    error: bool

    @property
    def words(self) -> str:
        """For a note: "percent", "error in percent, so score = 1 - error"."""
        unit = "percent" if self.divisor == 100 else "share"
        return f"error ({unit}): score = 1 - error" if self.error else unit

    def share(self, value: float) -> float:
        share = value / self.divisor
        return 1 - share if self.error else share


def unit_of(table: RawTable, score: ScoreColumn) -> tuple[ScoreUnit | None, list[str]]:
    """The unit of a column; None if it is empty. Raises DataError for what no score can be."""
    cells = [(row, table.number(row, score.column)) for row in table.rows]
    read = [(row, cell) for row, cell in cells if cell is not None]
    if not read:
        return None, []
    values = [cell.value for _, cell in read]
    for row, cell in read:
        if not 0 <= cell.value <= 100:
            raise _no_score(table, score, row, cell.value)
    small = [value for value in values if value <= 1]
    signs = [cell.percent for _, cell in read]
    odd = [(r, c) for r, c in read if not c.percent and 0 < c.value <= 1]
    if any(signs) and odd:
        raise DataError(
            "other values of this column have a percent sign: is this a share?",
            where=table.place(odd[0][0], score.column),
            got=f"{odd[0][1].value:g}",
            hint="write all values in one unit",
        )
    if any(signs):
        divisor = 100.0
    elif len(small) == len(values):
        divisor = 1.0
    elif len(small) > _FEW * len(values):
        row, cell = max(read, key=lambda r: r[1].value)
        raise DataError(
            "most values are shares (at most 1), but not all",
            where=table.place(row, score.column),
            got=f"{cell.value:g}",
            allowed="shares from 0 to 1, or percents from 0 to 100, in one column",
            hint="correct the row, leave it out, or name another column: --score COLUMN",
        )
    else:
        divisor = 100.0
    notes: list[str] = []
    if divisor == 1 and column_name(score.column).unit == "percent":
        notes.append(
            f"{score.column}: all values are at most 1, so read as shares in spite of its name"
        )
    if divisor == 100 and small and any(0 < value <= 1 for value in small):
        notes.append(
            f"{score.column}: {min(v for v in small if v > 0):g} read as percent, like the others"
        )
    return ScoreUnit(divisor, score.error), notes


def _no_score(table: RawTable, score: ScoreColumn, row: TableRow, value: float) -> DataError:
    below = value < 0
    return DataError(
        f"{value:g} cannot be {'an error rate' if score.error else 'a score'}: "
        f"{'it is negative' if below else 'it is above 100'}",
        where=table.place(row, score.column),
        got=f"{value:g}",
        allowed="shares from 0 to 1, or percents from 0 to 100",
        hint="name another column: --score COLUMN, or --error COLUMN",
    )
