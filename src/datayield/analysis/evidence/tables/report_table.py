"""The `table.csv` of a report as evidence: its columns are known, so nothing has to be guessed."""

import re
from collections.abc import Iterator, Sequence

from datayield.analysis.evidence.observations import Evidence, Observation, Setting
from datayield.analysis.evidence.tables.table import RawTable, TableRow
from datayield.analysis.format import method_name
from datayield.analysis.label_ladders import shared_words
from datayield.spec.evaluation import PROTOCOLS

COLUMNS = {
    *("run", "kind", "method", "encoder", "dataset", "n", "images", "share", "axes", "seed"),
    *("eval", "protocol", "metric", "value", "n_test", "n_train"),
}
NUMBER = re.compile(r"\d[\d.,]*%?")


def is_report_table(table: RawTable) -> bool:
    """Whether a report of this project wrote the table."""
    return set(table.names) >= COLUMNS


def evidence_of_report(table: RawTable) -> Evidence:
    """The main metric of each evaluation at the end of each run, as a report judges them.

    Evaluations whose names and numbers of labels differ in numbers alone are one task.
    """
    rows = [row for row in table.rows if _is_main(table, row)]
    kept, repeated = _each_once(table, rows)
    tasks = _tasks(table, kept)
    notes = [*table.notes, "the table of a report of datayield"]
    if repeated:
        notes.append(f"evaluations that repeat another one not used: {', '.join(repeated)}")
    return Evidence(tuple(_observations(table, kept, tasks)), tuple(notes))


def is_main_metric(kind: str, protocol: str, metric: str) -> bool:
    """Whether a row of these cells holds the score that an evaluation is judged by."""
    known = PROTOCOLS.get(protocol)
    return known is not None and kind != "pixels" and metric == known.main_metric


def _is_main(table: RawTable, row: TableRow) -> bool:
    return is_main_metric(*(table.cell(row, name) for name in ("kind", "protocol", "metric")))


def _each_once(table: RawTable, rows: Sequence[TableRow]) -> tuple[list[TableRow], list[str]]:
    """The last score of each run by each evaluation; and evaluations that repeat another."""
    of_eval: dict[str, list[TableRow]] = {}
    for row in rows:
        of_eval.setdefault(table.cell(row, "eval"), []).append(row)
    last: dict[str, list[TableRow]] = {}
    seen: dict[frozenset[tuple[str, str]], str] = {}
    repeated = []
    for name, mine in sorted(of_eval.items(), key=lambda item: len(item[1])):
        share = max(_number(table, row, "share") for row in mine)
        final = [
            row
            for row in mine
            if table.cell(row, "kind") != "run" or _number(table, row, "share") == share
        ]
        scores = frozenset((table.cell(r, "run"), table.cell(r, "value")) for r in final)
        if scores in seen:
            repeated.append(name)
            continue
        seen[scores] = name
        last[name] = final
    return [row for name in of_eval if name in last for row in last[name]], repeated


def _tasks(table: RawTable, rows: Sequence[TableRow]) -> dict[str, tuple[str, bool]]:
    """Evaluation -> the task that it measures, and whether its labels are a lever."""
    alike: dict[tuple[str, str], dict[str, set[str]]] = {}
    for row in rows:
        name = table.cell(row, "eval")
        key = " ".join(NUMBER.sub("", name).split()), table.cell(row, "protocol")
        alike.setdefault(key, {}).setdefault(name, set()).add(table.cell(row, "n_train"))
    tasks = {}
    for (words, _), names in alike.items():
        numbers = [labels for labels in names.values() if len(labels) == 1]
        ladder = len(names) > 1 and len(set.union(set(), *numbers)) == len(names)
        task = shared_words(tuple(names)) or words.strip(" ,-")
        for name in names:
            tasks[name] = (task or name, True) if ladder else (name, False)
    return tasks


def _encoders_differ(table: RawTable, rows: Sequence[TableRow]) -> bool:
    """Whether method and axes do not tell the runs' encoders: those of several studies."""
    encoders: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        if table.cell(row, "kind") == "run":
            key = table.cell(row, "method"), table.cell(row, "axes")
            encoders.setdefault(key, set()).add(table.cell(row, "encoder"))
    return any(len(names) > 1 for names in encoders.values())


def _observations(
    table: RawTable, rows: Sequence[TableRow], tasks: dict[str, tuple[str, bool]]
) -> Iterator[Observation]:
    several = _encoders_differ(table, rows)
    for row in rows:
        task, laddered = tasks[table.cell(row, "eval")]
        kind, encoder = table.cell(row, "kind"), table.cell(row, "encoder")
        axes = table.cell(row, "axes")
        parts = [method_name(table.cell(row, "method")), axes]
        parts += [encoder] if several else []
        yield Observation(
            task,
            ", ".join(part for part in parts if part) if kind == "run" else encoder,
            Setting(
                int(_number(table, row, "n")),
                _number(table, row, "images") or None,
                int(_number(table, row, "n_train")) if laddered else None,
                None,
            ),
            int(_number(table, row, "seed")),
            _number(table, row, "value"),
            int(_number(table, row, "n_test")) or None,
            "us" if kind == "run" else "nobody" if kind == "untrained" else "others",
        )


def _number(table: RawTable, row: TableRow, column: str) -> float:
    """What a report wrote with Python's own digits; 0 where it wrote nothing."""
    try:
        return float(table.cell(row, column))
    except ValueError:
        return 0.0
