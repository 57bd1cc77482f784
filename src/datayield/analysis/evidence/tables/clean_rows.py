"""Rows that are no results: crashed runs, means below the table, earlier steps of a run."""

from datayield.analysis.evidence.tables.column_names import column_name
from datayield.analysis.evidence.tables.columns import Columns
from datayield.analysis.evidence.tables.number_text import is_empty
from datayield.analysis.evidence.tables.table import RawTable, TableRow

FINISHED = {
    "finished",
    "done",
    "complete",
    "completed",
    "success",
    "succeeded",
    "ok",
    "final",
    "true",
    "3",
}
SUMMARIES = {
    "mean", "average", "avg", "avg.", "total", "sum", "overall", "median", "all", "mean ± std",
    "grand mean", "std", "sd", "stdev", "std.", "std dev", "min", "max", "stderr", "mean:",
    "average:",
}  # fmt: skip
_MEANS = {"mean", "average", "avg", "avg.", "mean ± std"}


def finished(table: RawTable, columns: Columns) -> RawTable:
    """Without runs that crashed, failed, were killed or still run."""
    state = columns.of("state")
    if state is None or not {c.lower() for c in table.column(state)} & FINISHED:
        return table
    return table.without(
        lambda row: table.cell(row, state).lower() not in FINISHED,
        f"of runs that did not finish ({state}) not used",
    )


def without_summaries(table: RawTable, columns: Columns) -> RawTable:
    """Without rows that are means or spreads of others; where there is nothing else, the means."""
    looked = [
        c
        for c in dict.fromkeys((table.names[0], *columns.roles.values()))
        if c not in {s.column for s in columns.scores} | {columns.of("metric"), columns.of("state")}
    ]

    def words(row: TableRow) -> set[str]:
        return {table.cell(row, c).lower() for c in looked} & SUMMARIES

    if all(words(row) for row in table.rows):
        spreads = "that give spreads of others not used"
        return table.without(lambda row: not words(row) & _MEANS, spreads)
    summaries = "that give means or spreads of others not used"
    return table.without(lambda row: bool(words(row)), summaries)


def last_of_run(table: RawTable, columns: Columns) -> RawTable:
    """Of a log with one row an epoch, the last row of each run."""
    run = columns.of("run")
    course = columns.of("epochs") or columns.of("steps")
    if run is None or course is None:
        return table
    if column_name(course).key not in ("epoch", "step", "global_step"):
        return table
    last: dict[str, float] = {}
    for row in table.rows:
        read = table.number(row, course)
        scored = any(not is_empty(table.cell(row, s.column)) for s in columns.scores)
        if read is not None and scored:
            name = table.cell(row, run)
            last[name] = max(last.get(name, 0.0), read.value)

    def earlier(row: TableRow) -> bool:
        read = table.number(row, course)
        return read is not None and read.value < last.get(table.cell(row, run), 0.0)

    return table.without(earlier, f"before the last {course} of a run not used")
