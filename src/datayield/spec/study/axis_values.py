"""The values of a study's axes: lists of what is known, with labels that differ."""

import json
from typing import Any

from datayield.spec.bounds import wrong_label
from datayield.spec.errors import ConfigError, nearest
from datayield.spec.run import OBJECTIVES, OVERLAYS
from datayield.spec.study.cell import Cell


def as_list(axis: str, value: Any) -> str:
    """What to write where an axis is no list; it is not read as one, since 3 may be 3 seeds."""
    try:
        one = f"{axis}: [{json.dumps(value, ensure_ascii=False)}]"
    except TypeError:
        one = f"{axis}: [...]"
    if axis == "seed" and isinstance(value, int) and 1 < value <= 20:
        seeds = ", ".join(map(str, range(value)))
        one += f" for that one seed, or {axis}: [{seeds}] for {value} seeds"
    return f"an axis is a list of values, {axis} is not: write {one}"


def check_values(axis: str, values: tuple[Any, ...]) -> None:
    """Raises ValueError for a method that is no name, or a name that cannot be a label."""
    for value in values:
        if axis == "method" and not (isinstance(value, str) and value in OBJECTIVES):
            raise ValueError(
                f"axes.method: {value!r} is not a method{guess(str(value))}; knobs are axes of "
                "their own, for example method.temperature"
            )
        name = value.get("name") if isinstance(value, dict) else None
        if axis in (*OVERLAYS, "init") and name is not None:
            problem = wrong_label(name) if isinstance(name, str) else "a name must be text"
            if problem:
                raise ValueError(f"axes.{axis}: {problem}, got {str(name)[:100]!r}")


def check_labels(cells: list[Cell]) -> None:
    """Raises ConfigError if two values of an axis have the same text and would share a curve."""
    for axis in ("init", *OVERLAYS, "encoder"):
        seen: dict[str, Any] = {}
        for cell in (cell for cell in cells if axis in cell.axes):
            words, value = cell.value(axis), cell.axes[axis]
            if seen.setdefault(words, value) != value:
                raise ConfigError(
                    f"two values of axes.{axis} have the same label in tables and figures",
                    where=f"axes.{axis}",
                    got=words,
                    hint="give each a unique name: {name: long, ...}"
                    if axis != "encoder"
                    else "vary what differs as an axis, for example encoder.width: [16, 32]",
                )


def guess(name: str) -> str:
    """The method that was perhaps meant, and all of them."""
    near = nearest(name, OBJECTIVES)
    known = ", ".join(OBJECTIVES)
    return f"; did you mean {near!r}? (allowed: {known})" if near else f" (allowed: {known})"
