"""Results as a data frame of the library that one has."""

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, get_args

from datayield.spec.errors import ConfigError

if TYPE_CHECKING:
    from datayield.analysis.results import Row, StudyResults

FrameKind = Literal["pandas", "polars", "arrow"]
_MODULES = {"pandas": "pandas", "polars": "polars", "arrow": "pyarrow"}
_INSTALL = {
    "pandas": "pip install 'datayield[notebook]', or pip install pandas",
    "polars": "pip install polars",
    "arrow": "pip install 'datayield[parquet]'",
}
_TEXT = {"budget": "budget_label"}  # fields that have no plain value -> what tells them
_OWN = ("axes", "mean_of")  # become columns of their own, or are not told


def check_kind(kind: str) -> Any:
    """The module of that kind of frame. Raises ConfigError for no such, or where it is missing."""
    if kind not in _MODULES:
        raise ConfigError(
            "unknown kind of data frame",
            where="results: as_",
            got=kind,
            allowed=[*get_args(FrameKind)],
        )
    try:
        return import_module(_MODULES[kind])
    except ModuleNotFoundError:
        others = [other for other in _MODULES if other != kind]
        raise ConfigError(
            f"{_MODULES[kind]} is not installed",
            where="results: as_",
            got=kind,
            hint=f"{_INSTALL[kind]}; or ask as_={others[0]!r} or {others[1]!r}",
        ) from None


def frame_of(results: "StudyResults", kind: str) -> Any:
    """One row for each value of each metric, columns as in the report's table.csv.

    Each further axis of the study has a column of its own.
    """
    module, columns = check_kind(kind), columns_of(results.rows)
    return module.table(columns) if kind == "arrow" else module.DataFrame(columns)


def columns_of(rows: "Sequence[Row]") -> dict[str, list[Any]]:
    """Rows as columns of plain values; an axis is None in rows without it."""
    from datayield.analysis.results import Row

    named = [name for name in Row._fields if name not in _OWN]
    columns = {name: [getattr(row, _TEXT.get(name, name)) for row in rows] for name in named}
    axes = dict.fromkeys(axis for row in rows for axis, _ in row.axes)
    values = [dict(row.axes) for row in rows]
    return columns | {axis: [of.get(axis) for of in values] for axis in axes}
