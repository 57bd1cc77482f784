"""The `table.csv` of a report, read row by row: of a hundred thousand runs, only what counts."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from datayield.analysis.evidence.tables.report_table import COLUMNS, is_main_metric
from datayield.analysis.evidence.tables.table import RawTable, TableRow, named


def read_report(path: Path) -> RawTable | None:
    """The main metrics in a table that a report wrote, with the columns that evidence takes.

    None where the file is anything else, or not as a report leaves it: a reader of tables of any
    form then says what it is, or what is wrong with it.
    """
    if not path.is_file():  # a pipe can be read only once
        return None
    try:
        with path.open(encoding="utf-8-sig") as file:
            lines = csv.reader(file, skipinitialspace=True, strict=True)
            names = named(next(lines, []))
            return _table(str(path), names, lines) if set(names) >= COLUMNS else None
    except (OSError, UnicodeDecodeError, csv.Error):
        return None


def _table(source: str, names: Sequence[str], lines: Iterator[list[str]]) -> RawTable | None:
    kept = [at for at, name in enumerate(names) if name in COLUMNS]
    kind, protocol, metric = (names.index(name) for name in ("kind", "protocol", "metric"))
    same: dict[str, str] = {}  # each text is held once, however many rows have it
    rows, number = [], 0
    for number, cells in enumerate(lines, 1):
        if len(cells) != len(names) or cells[0].startswith("#") or cells[kind] == "kind":
            return None
        if is_main_metric(cells[kind].strip(), cells[protocol].strip(), cells[metric].strip()):
            texts = (cells[at] for at in kept)
            rows.append(TableRow(number, tuple([same.setdefault(text, text) for text in texts])))
    return RawTable(source, tuple(names[at] for at in kept), tuple(rows)) if number else None
