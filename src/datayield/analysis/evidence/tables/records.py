"""Tables of records: JSON, JSON lines, and the nested runs of W&B and MLflow, as flat columns."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from datayield.analysis.evidence.tables.table import RawTable, TableRow, named
from datayield.spec.errors import DataError

INSIDE = ("runs", "data", "rows", "results", "records", "items", "edges")  # keys that hold a list


def records(text: str, source: str) -> RawTable:
    """A JSON array, one record a line, or an object that holds either."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        value = _by_line(text, source, error)
    found = list(_records(value))
    if not found:
        raise DataError(
            "not a list of records",
            where=source,
            got=text.strip()[:60],
            hint='write one record per line: {"images": 10000, "seed": 0, "accuracy": 0.71}',
        )
    return table_of(found, source)


def table_of(found: Sequence[dict[str, Any]], source: str) -> RawTable:
    """Records with names of columns as keys, nested ones joined by dots."""
    flat = [dict(_flat(record)) for record in found]
    keys = list(dict.fromkeys(key for record in flat for key in record))
    rows = (tuple(_text(record.get(key)) for key in keys) for record in flat)
    return RawTable(
        source, named(keys), tuple(TableRow(i, r) for i, r in enumerate(rows, 1)), counted="record"
    )


def _by_line(text: str, source: str, whole: json.JSONDecodeError) -> list[Any]:
    values = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                values.append(json.loads(line))
            except json.JSONDecodeError as error:
                first = not values
                raise DataError(
                    "this is not valid JSON",
                    where=f"{source}: line {whole.lineno if first else number}",
                    got=line.strip()[:60],
                    hint=f"the parser says: {whole.msg if first else error.msg}",
                ) from None
    return values


def _records(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for each in value:
            if isinstance(each, dict):
                yield each.get("node", each) if len(each) == 1 else each
    elif isinstance(value, dict):
        if isinstance(value.get("columns"), list) and isinstance(value.get("data"), list):
            yield from (dict(zip(value["columns"], row, strict=False)) for row in value["data"])
            return
        for key in INSIDE:
            if isinstance(value.get(key), list | dict):
                found = list(_records(value[key]))
                if found:
                    yield from found
                    return
        yield from _by_column(value)


def _by_column(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """{"images": {"0": 10, ...}, ...} or {"images": [10, ...], ...}; else a record of its own."""
    columns = list(value.values())
    if columns and all(isinstance(c, list) and len(c) == len(columns[0]) for c in columns):
        yield from (dict(zip(value, row, strict=True)) for row in zip(*columns, strict=True))
    elif (
        len(columns) > 1
        and all(isinstance(c, dict) for c in columns)
        and len({tuple(c) for c in columns}) == 1
        and all(str(key).isdigit() for key in columns[0])
    ):
        yield from ({k: c[i] for k, c in value.items()} for i in columns[0])
    elif len(columns) > 1 and all(isinstance(c, dict) for c in columns) and _shared(columns):
        yield from ({"name": name, **record} for name, record in value.items())
    elif not any(isinstance(c, list) for c in columns):
        yield value


def _shared(records: list[dict[str, Any]]) -> bool:
    """Whether they are records of one kind: all have a key in common."""
    return bool(set.intersection(*(set(record) for record in records)))


def _flat(value: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        name = f"{before}{key}"
        if isinstance(inner, str) and inner.startswith("{"):  # W&B keeps config as text
            try:
                inner = json.loads(inner)
            except json.JSONDecodeError:
                yield name, inner
                continue
        if isinstance(inner, dict) and "value" in inner and set(inner) <= {"value", "desc"}:
            inner = inner["value"]
        if isinstance(inner, list) and inner and all(_is_pair(x) for x in inner):  # MLflow
            inner = {pair["key"]: pair["value"] for pair in inner}
        if isinstance(inner, dict):
            yield from _flat(inner, f"{name}.")
        else:
            yield name, inner


def _is_pair(value: Any) -> bool:
    return isinstance(value, dict) and {"key", "value"} <= value.keys()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value)
    return str(value)
