"""A claim's cells at equal images, epochs, views, FLOPs or seconds, whatever the runs' budgets.

Scores are read at the runs' budgets and at milestones that equal complete runs
(analysis/cost/readings.py), and interpolated between two of them (analysis/cost/matching.py).
"""

from collections.abc import Mapping
from dataclasses import replace

from datayield.analysis.claims.cells import (
    Cells,
    CellValues,
    ClaimCell,
    ClaimData,
    NotAskedError,
    UnansweredError,
    cell_of,
    placed,
    resolved,
)
from datayield.analysis.cost import CLOSE, Reading, ScoresAtLevel, amount, at, highest
from datayield.spec.claims import BY, NOTHING, Claim
from datayield.spec.run import Normaliser

Orders = Mapping[str, tuple[str, ...]]
Courses = dict[CellValues, list[Reading]]


def at_equal(data: ClaimData, claim: Claim, base: Cells, orders: Orders) -> tuple[Cells, Cells]:
    """The cells at the largest amount that all compared runs reach, and more cells for the noise.

    Compared runs differ along the claim's own axes and agree in the others, so each encoder or
    method has its own amount. The second result adds the runs that do not reach it, each at its own
    largest amount. Raises NotAskedError if the schedule allows no comparison.
    """
    courses = courses_of(data, claim, ("share", "budget"))
    along = _named(data, claim, orders)
    groups: dict[CellValues, list[CellValues]] = {}
    for point in courses:
        rest = frozenset((axis, word) for axis, word in point if axis not in along)
        groups.setdefault(rest, []).append(point)
    made, noisy = base._replace(runs={}, note=""), base._replace(runs={}, note="")
    levels: dict[Normaliser, list[float]] = {}
    for unit in claim.units:
        for rest, mine in groups.items():
            compared = [
                p for p in mine if all(dict(p).get(axis) in words for axis, words in along.items())
            ]
            asked = all(dict(rest).get(axis, "") in (*orders[axis], "") for axis in claim.where)
            level = _level(unit, [courses[p] for p in compared]) if compared else None
            if asked and compared and level is None:
                raise _why(data, unit, [courses[p] for p in compared])
            if asked and level is not None:
                levels.setdefault(unit, []).append(level)
            for point in mine:
                own = [r for r in courses[point] if r.stands]
                scores = at(own, unit, level, CLOSE) or at(own, unit, level) if level else None
                key = point | {(BY, unit)}
                if scores is not None:
                    made.runs[key] = noisy.runs[key] = _cell(data, own, scores)
                elif last := highest(unit, [own]):
                    noisy.runs[key] = _cell(data, own, last[1][0])
    words = [f"{amount(unit, min(amounts))}" + (
        f" to {amount(unit, max(amounts))}" if max(amounts) > CLOSE * min(amounts) else "")
        for unit, amounts in levels.items()]  # fmt: skip
    return made._replace(note=f"at equal {' and '.join(words)}"), noisy


def courses_of(data: ClaimData, claim: Claim, without: tuple[str, ...]) -> Courses:
    """Every score of every run, by its point without the axes `without`."""
    courses: Courses = {}
    by_eval = "eval" in claim.axes
    for _, row, point in placed(data, claim.names, claim.metric, by_eval, by_share=True):
        if point is not None:
            key = frozenset((axis, word) for axis, word in point if axis not in without)
            courses.setdefault(key, []).extend(data.costs.readings([row]))
    return {point: mine for point, mine in courses.items() if mine}


def _named(data: ClaimData, claim: Claim, orders: Orders) -> dict[str, set[str]]:
    """Axes that the claim compares along -> values as text, all of them if it names none."""
    named = {}
    for axis, values in claim.along().items():
        words = {resolved(data, orders, axis, v) for v in values}
        if axis != BY:
            baselines = set(NOTHING).difference(orders[axis])
            named[axis] = (words - baselines) or set(orders[axis])
    return named


def _level(unit: Normaliser, courses: list[list[Reading]]) -> float | None:
    """The highest common level: within 1% if as many seeds reach it, else within TOLERANCE."""
    sets = [[r for r in mine if r.stands] for mine in courses]
    levels = [each for each in (highest(unit, sets, CLOSE), highest(unit, sets)) if each]
    return max(levels, key=lambda each: _common(each[1]))[0] if levels else None


def _common(scores: list[ScoresAtLevel]) -> int:
    return len(set.intersection(*(set(each.seeds.by_seed) for each in scores)))


def _why(data: ClaimData, unit: Normaliser, courses: list[list[Reading]]) -> Exception:
    if all(unit not in r.spent for mine in courses for r in mine):
        return UnansweredError(f"no run has recorded its {unit}")
    if data.results.missing:
        return UnansweredError(f"no amount of {unit} is reached yet by all compared runs")
    held = any(not r.stands for mine in courses for r in mine)
    return NotAskedError(
        f"no equal {unit}: "
        + (
            "no milestone of these runs stands for a smaller budget, since their learning rate has "
            "not decayed there, or the method depends on the length of the run"
            if held
            else "these runs are evaluated only at their ends, which differ"
        )
    )


def _cell(data: ClaimData, own: list[Reading], scores: ScoresAtLevel) -> ClaimCell:
    return replace(cell_of(data, own[-1].row), values=scores.seeds.by_seed, rows={})
