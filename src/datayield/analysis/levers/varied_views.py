"""Runs that differ in the number of views alone, besides images and compute: one law, not several.

A study names them by an axis ("4 views of 1/2"). Where the rest of the run is the same, the number
of views is something to buy more of, and the axis is no part of what tells a law from others.
"""

from collections.abc import Iterable
from typing import NamedTuple

from datayield.spec.identity import canonical
from datayield.spec.run import RunSpec
from datayield.spec.study import NamedAxes


class RunOfLaw(NamedTuple):
    """The axes that name the law of a run, and its views, None unless they vary within the law."""

    axes: NamedAxes
    views: int | None


def with_views(runs: Iterable[tuple[RunSpec, NamedAxes]]) -> dict[str, RunOfLaw]:
    """Id -> what tells the law of a run from others, for each of the runs."""
    alike: dict[tuple[str, ...], list[tuple[RunSpec, NamedAxes]]] = {}
    rest = _Rest()
    for run, axes in runs:
        alike.setdefault(rest(run), []).append((run, axes))
    made: dict[str, RunOfLaw] = {}
    names = [(_shared(group) if _varies(group) else None, group) for group in alike.values()]
    known = [(group[0][0].method.name, shared) for shared, group in names if shared is not None]
    for shared, group in names:
        apart = shared is None or known.count((group[0][0].method.name, shared)) > 1
        for run, axes in group:
            if apart or shared is None:
                made[run.id] = RunOfLaw(axes, None)
            else:
                made[run.id] = RunOfLaw(shared, run.view_count)
    return made


def _varies(group: list[tuple[RunSpec, NamedAxes]]) -> bool:
    return len({run.view_count for run, _ in group}) > 1


def _shared(group: list[tuple[RunSpec, NamedAxes]]) -> NamedAxes:
    """The axes whose value all of them share."""
    first = group[0][1]
    return tuple(each for each in first if all(each in axes for _, axes in group))


class _Rest:
    """All of a run but what is bought, and its seeds; runs of a study share most of their parts."""

    def __init__(self) -> None:
        self._texts: dict[int, str] = {}  # by the identity of a part, which the run keeps alive

    def __call__(self, run: RunSpec) -> tuple[str, ...]:
        return tuple(
            self._texts.get(id(getattr(run, name))) or self._text(name, run)
            for name in RunSpec.model_fields
            if name not in ("seed", "budget")
        )

    def _text(self, name: str, run: RunSpec) -> str:
        rest = run.model_dump(mode="json", include={name})[name]
        if name == "data":
            for part in (rest, *rest.get("parts", {}).values()):
                for drawn in ("count", "seed", "fingerprint"):  # how many images, and which
                    part.pop(drawn, None)
        if name == "views":
            for view in rest:
                view.pop("count")
        text = self._texts[id(getattr(run, name))] = canonical(rest)
        return text
