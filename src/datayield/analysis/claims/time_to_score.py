"""The cost at which a run reached a score, as the cells of a claim.

Every milestone counts, whatever the schedule: the question is when a run in progress got there. The
value is log2 of the cost, so differences are in doublings. A run that never got there counts with
its total cost, and one that did before its first milestone with the cost of that; both are marked
as bounds. The error over test items is that of the score, divided by the gain per doubling there.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from statistics import fmean

from datayield.analysis.claims.cells import (
    Cells,
    CellValues,
    ClaimCell,
    ClaimData,
    NotAskedError,
    UnansweredError,
    cell_of,
    merged,
    resolved,
)
from datayield.analysis.claims.equal_cost import Orders, courses_of
from datayield.analysis.cost import Reading, time_to
from datayield.spec.claims import BY, Gain
from datayield.spec.run import Normaliser

_LEAST = 1e-6  # of a slope: where a curve is flat, the time is undetermined


def reached(data: ClaimData, claim: Gain, base: Cells, orders: Orders) -> tuple[Cells, Cells]:
    """log2 of the cost at which each cell reached the score, and the known ones for the noise.

    The score of a named cell is, for each seed, the mean of that cell's other seeds at the end:
    its own would be reached by that run by construction, but not by others. Raises UnansweredError.
    """
    (unit,) = claim.units
    courses = courses_of(data, claim, ("share",))
    made = {}
    for point, mine in courses.items():
        targets = _targets(data, claim, courses, point, orders, base.points)
        cells = list(_cells(data, mine, unit, targets))
        if cells:
            cell = merged(cells)
            made[point | {(BY, unit)}] = replace(
                cell,
                error=cell.error / _slope(mine, unit, 2**cell.mean),
                rows={},
                beyond=any(c.beyond for c in cells),
                within=any(c.within for c in cells),
            )
    if (
        not made
        and not data.results.missing
        and all(r.whole for own in courses.values() for r in own)
    ):
        raise NotAskedError("these runs are evaluated only at their ends")
    if not made:
        raise UnansweredError(f"no run has its {unit} at milestones and a score to reach")
    metric, to = f"doublings of {unit}", claim.reach
    if isinstance(to, dict):
        words = ", ".join(resolved(data, orders, axis, value) for axis, value in to.items())
        words = f"the end of {words}"
    else:
        words = f"{to:g}"
    whole = Cells(made, {}, points=False, metric=metric, note=f"until {words} was reached")
    known = {p: cell for p, cell in made.items() if not (cell.beyond or cell.within)}
    return whole, whole._replace(runs=known)


def _targets(
    data: ClaimData,
    claim: Gain,
    courses: dict[CellValues, list[Reading]],
    point: CellValues,
    orders: Orders,
    points: bool,
) -> dict[int, float]:
    """The score to reach, by seed."""
    seeds = {r.seed for r in courses[point]}
    if not isinstance(claim.reach, dict):
        assert claim.reach is not None
        return dict.fromkeys(seeds, claim.reach / (100 if points else 1))
    there = {axis: resolved(data, orders, axis, value) for axis, value in claim.reach.items()}
    rest = {(axis, word) for axis, word in point if axis not in there}
    last = {r.seed: r.row.value for r in courses.get(frozenset(rest | set(there.items())), [])
            if r.whole}  # fmt: skip
    others = {s: [value for seed, value in last.items() if seed != s] for s in seeds}
    return {seed: fmean(values) for seed, values in others.items() if values}


def _cells(
    data: ClaimData, mine: list[Reading], unit: Normaliser, targets: dict[int, float]
) -> Iterator[ClaimCell]:
    for seed, target in targets.items():
        course = sorted(
            (r.spent[unit], r.row.value)
            for r in mine
            if r.seed == seed and r.spent.get(unit, 0) > 0
        )
        if len(course) < 2:
            continue
        cost = time_to(course, target)
        cell = cell_of(data, next(r.row for r in mine if r.seed == seed))
        yield replace(
            cell,
            values={seed: math.log2(course[-1][0] if cost is None else cost)},
            beyond=cost is None,
            within=course[0][1] >= target,
        )


def _slope(mine: list[Reading], unit: Normaliser, cost: float) -> float:
    """Score per doubling, of the seeds' mean, from a milestone before those around `cost` to one
    after; above 0.
    """
    known = [r for r in mine if r.spent.get(unit, 0) > 0]
    shares = sorted({r.row.share for r in known})
    by_share = [[r for r in known if r.row.share == share] for share in shares]
    course = [
        (fmean(r.spent[unit] for r in some), fmean(r.row.value for r in some)) for some in by_share
    ]
    last = len(course) - 1
    place = next((i for i, (x, _) in enumerate(course) if x >= cost), last)
    low, high = course[max(place - 2, 0)], course[min(place + 1, last)]
    return max((high[1] - low[1]) / math.log2(high[0] / low[0]), _LEAST)
