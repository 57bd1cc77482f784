"""Values of an axis that are one value written twice, or that give the same runs throughout."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from datayield.spec.identity import canonical


class SameRuns(NamedTuple):
    """Two values of an axis that give the same runs whatever the other axes say."""

    axis: str
    first: Any
    second: Any


def repeated(values: Sequence[Any]) -> tuple[int, int] | None:
    """The first two positions (from 1) that hold equal values: 100, 100.0 and 1e2 are equal."""
    seen: dict[str, int] = {}
    for at, value in enumerate(values, 1):
        first = seen.setdefault(canonical(_plain(value)), at)
        if first != at:
            return first, at
    return None


def _plain(value: Any) -> Any:
    """`value` with whole numbers as integers, whatever they were written as."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def same_runs(axes: Mapping[str, Sequence[Any]], ids: Sequence[str]) -> list[SameRuns]:
    """Values that differ and change no run; `ids` of the runs in the order of the product.

    Curves that only meet somewhere, as epochs and images do at one N, are no such values.
    """
    found = []
    points = list(itertools.product(*(range(len(values)) for values in axes.values())))
    for k, (axis, values) in enumerate(axes.items()):
        of_value: list[list[str]] = [[] for _ in values]
        for point, run in zip(points, ids, strict=True):
            of_value[point[k]].append(run)
        seen: dict[tuple[str, ...], int] = {}
        for at, runs in enumerate(of_value):
            first = seen.setdefault(tuple(runs), at)
            if first != at:
                found.append(SameRuns(axis, values[first], values[at]))
    return found
