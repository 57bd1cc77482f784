"""The answer from a table of results that somebody has already: a file, or rows in Python."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datayield.interface.setting import prices_of, setting_of, spend_of
from datayield.interface.shown import ShownAnswer
from datayield.spec.environment import one_thread_for_blas
from datayield.spec.errors import ConfigError
from datayield.spec.study import Prices, published_table

if TYPE_CHECKING:
    from datayield.analysis.evidence.tables import Mapping as Columns
    from datayield.analysis.evidence.tables import RawTable


def answer(
    table: Any,
    *,
    at: Mapping[str, float] | None = None,
    prices: Mapping[str, Any] | Prices | None = None,
    spend: float | None = None,
    published: bool = False,
    columns: Mapping[str, Any] | None = None,
    where: Mapping[str, Any] | None = None,
) -> ShownAnswer:
    """What to buy next, from a table of results: `datayield answer` in Python.

    `table`: the path of a CSV, TSV, JSON or Parquet file; a data frame of pandas, polars or
    PyArrow; a list of rows, each a mapping; or a mapping of columns. With `published`, the name of
    a study whose published numbers ship with datayield. `at`: where to ask, such as
    `{"images": 100_000, "labels": 500}`; by default the largest setting measured. `prices`: of an
    `image`, an `hour` of training and a `label`, with a `currency`; `spend`: money, for the best
    plan. `columns`: the column of a role whose name says nothing, such as `{"score": "quality"}`;
    a role is named like the option of the command line. `where`: only rows with these values.
    Raises ConfigError or DataError, with column and row.

    >>> runs = [
    ...     {"images": n, "epochs": e, "seed": s, "accuracy": 40 + 2 * i + 3 * j + 0.3 * s}
    ...     for i, n in enumerate([1000, 2000, 4000])
    ...     for j, e in enumerate([100, 200])
    ...     for s in (0, 1)
    ... ]
    >>> found = answer(runs, prices={"image": 0.02})
    >>> found.lever, found.decided
    ('compute', True)
    >>> print(found.advice)
    Train longer
    """
    one_thread_for_blas()
    from datayield.analysis.evidence.tables import evidence_in, evidence_of_table
    from datayield.analysis.levers import decide

    point = setting_of(at or {})
    priced = prices if isinstance(prices, Prices) else prices_of(prices or {})
    money = None if spend is None else spend_of(spend)
    mapping = _mapping(columns or {}, where or {})
    if published or isinstance(table, str | Path):
        file = published_table(str(table)) if published else Path(table)
        evidence = evidence_of_table(file, mapping)
    else:
        evidence = evidence_in(table_in_memory(table), mapping)
    return ShownAnswer(decide(evidence, point, priced, money))


def _mapping(columns: Mapping[str, Any], where: Mapping[str, Any]) -> "Columns":
    from datayield.analysis.evidence.tables import Mapping as Columns

    roles = [name for name in Columns._fields if name != "where"]
    for role in columns:
        if role not in roles:
            raise ConfigError("unknown role of a column", where="columns", got=role, allowed=roles)
    several = ("score", "error")  # of which there may be more than one
    said: dict[str, Any] = {
        role: str(name) for role, name in columns.items() if role not in several
    }
    for role in several:
        if role in columns:
            name = columns[role]
            said[role] = (name,) if isinstance(name, str) else tuple(name)
    return Columns(**said, where=tuple(f"{name}={value}" for name, value in where.items()))


def table_in_memory(table: Any) -> "RawTable":
    """A table in memory as one of text cells. Raises ConfigError for what is none."""
    from datayield.analysis.evidence.tables import table_of

    place = f"the {type(table).__name__} given"
    if hasattr(table, "to_pylist"):  # PyArrow
        rows = table.to_pylist()
    elif hasattr(table, "to_dicts"):  # polars
        rows = table.to_dicts()
    elif hasattr(table, "to_dict") and hasattr(table, "columns"):  # pandas
        rows = table.to_dict("records")
    elif isinstance(table, Mapping):
        columns = {name: [*cells] for name, cells in table.items()}
        if len({len(cells) for cells in columns.values()}) > 1:
            raise ConfigError(
                "the columns differ in length",
                where=place,
                got=", ".join(f"{name}: {len(cells)}" for name, cells in columns.items()),
            )
        rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values())]  # noqa: B905
    elif isinstance(table, Iterable) and not isinstance(table, bytes):
        rows = [*table]
    else:
        rows = [table]
    if not all(isinstance(row, Mapping) for row in rows):
        raise ConfigError(
            "not a table of results",
            where="answer: table",
            got=type(table).__name__,
            allowed="a path, a data frame, a list of mappings or a mapping of columns",
        )
    if not rows:
        raise ConfigError("the table is empty", where=place)
    return table_of([{str(key): value for key, value in row.items()} for row in rows], place)
