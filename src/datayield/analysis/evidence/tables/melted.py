"""Wide tables with one column a size, seed, number of labels or method, made long."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from datayield.analysis.evidence.tables.column_names import column_name
from datayield.analysis.evidence.tables.number_text import amount, is_empty
from datayield.analysis.evidence.tables.roles import KNOWN_METHODS, dataset_key, rank
from datayield.analysis.evidence.tables.score_columns import is_error, metric_order
from datayield.analysis.evidence.tables.table import RawTable, TableRow
from datayield.spec.errors import DataError

_WORDS = {
    "n": "images", "images": "images", "image": "images", "imgs": "images", "size": "images",
    "samples": "images", "unique": "images", "labels": "labels", "label": "labels", "labelled":
    "labels",
    "labeled": "labels", "epochs": "epochs", "epoch": "epochs", "ep": "epochs", "seed": "seed",
    "run": "seed", "trial": "seed", "rep": "seed", "presented": "presented", "seen": "presented",
    "views": "views", "c": "presented",
}  # fmt: skip
_SEED = re.compile(r"^(seed|run|trial|rep|repeat)(\d+)$")


class _Wide(NamedTuple):
    column: str
    axis: str  # "" where the name holds a number alone
    value: str
    rest: str  # of the name: the metric, the task


def melted(table: RawTable) -> RawTable:
    """The table with one score a row, if two or more columns differ in a number alone."""
    wide = [w for name in table.names if (w := _wide(name)) and table.numbers(name)]
    groups: dict[tuple[str, str], list[_Wide]] = {}
    for each in wide:
        groups.setdefault((each.axis, each.rest), []).append(each)
    if not any(len(g) > 1 for g in groups.values()):
        methods = [n for n in table.names if dataset_key(n) in KNOWN_METHODS and table.numbers(n)]
        groups = {("method", ""): [_Wide(n, "method", n, "") for n in methods]}
    sets = [g for g in groups.values() if len(g) > 1]
    axes = {g[0].axis for g in sets}
    if not sets or len(axes) > 1:
        return table
    axis = axes.pop() or _unsaid(table, sets[0])
    taken = {w.column for g in sets for w in g}
    kept = [i for i, name in enumerate(table.names) if name not in taken]
    metrics = [g[0].rest or "score" for g in sets]
    values = list(dict.fromkeys(w.value for g in sets for w in g))
    at = {(k, w.value): table.names.index(w.column) for k, g in enumerate(sets) for w in g}
    rows = []
    for row in table.rows:
        for value in values:
            cells = [row.cells[at[k, value]] if (k, value) in at else "" for k in range(len(sets))]
            if not all(is_empty(cell) for cell in cells):
                rows.append(TableRow(row.number, (*(row.cells[i] for i in kept), value, *cells)))
    names = (*(table.names[i] for i in kept), axis, *metrics)
    said = f"columns {', '.join(w.column for w in sets[0])} read as {axis} of one score"
    return replace(table, names=names, rows=tuple(rows), notes=(*table.notes, said))


def _wide(name: str) -> _Wide | None:
    """A column whose name is a number with or without what it counts, and perhaps the metric."""
    words = list(column_name(name).words)
    axis, value, rest = "", "", list[str]()
    for word in words:
        if joined := _SEED.match(word):
            axis, value = "seed", joined[2]
        elif word in _WORDS and not axis:
            axis = _WORDS[word]
        elif not value and amount(word) and word[0].isdigit():
            value = word
        else:
            rest.append(word)
    joined_name = re.match(r"^\s*(\w+)\s*=\s*(\S+)\s*$", name)
    if joined_name and joined_name[1].lower() in _WORDS and amount(joined_name[2]):
        return _Wide(name, _WORDS[joined_name[1].lower()], joined_name[2], "")
    if not value or (rest and metric_order(" ".join(rest)) is None):
        return None
    if column_name(name).unit == "percent" and axis != "":
        return None
    return _Wide(name, axis, value, " ".join(rest))


def _unsaid(table: RawTable, group: Sequence[_Wide]) -> str:
    """What numbers without a word count: images, unless the table has a column of these."""
    others = [n for n in table.names if n not in {w.column for w in group}]
    has = {
        role
        for role in ("images", "presented", "epochs", "labels")
        for name in others
        if rank(role, column_name(name)) is not None
    }
    if "images" not in has:
        return "images"
    raise DataError(
        "columns are named by numbers, but not of what",
        where=table.source,
        got=", ".join(w.column for w in group),
        hint='name them, for example "100 epochs", "500 labels" or "seed 1"',
    )


def one_metric(table: RawTable, metric: str, value: str, task: str | None) -> tuple[RawTable, bool]:
    """Of a table with a metric's name in each row, the rows of the preferred one; is it an error.

    `task`: the column that names the task, each of which may have another metric.
    """
    best: dict[str, str] = {}
    for row in table.rows:
        name, of = table.cell(row, metric), table.cell(row, task) if task else ""
        order = metric_order(name)
        if order is not None and (of not in best or order < (metric_order(best[of]) or order)):
            best[of] = name
    errors = {is_error(name) for name in best.values()}
    if not best or len(errors) > 1:
        raise DataError(
            "no metric is known as a score" if not best else "some metrics are scores, some errors",
            where=f"{table.source}: column {metric!r}",
            got=", ".join(sorted(set(table.column(metric)))[:12]),
            hint=f"choose one: --where {metric}=NAME --score {value}",
        )
    kept = table.without(
        lambda row: best.get(table.cell(row, task) if task else "") != table.cell(row, metric),
        f"of other metrics than {', '.join(dict.fromkeys(best.values()))} not used",
    )
    return kept, errors.pop()
