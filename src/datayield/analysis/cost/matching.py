"""Sets of readings at one level of a normaliser, measured there or interpolated."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from datayield.analysis.cost.readings import UNITS, Reading
from datayield.analysis.results import Row, Seeds, seeds_of
from datayield.spec.run import Normaliser

# How far apart two readings may be and still count as equal: wall-clock seconds vary.
TOLERANCE: dict[Normaliser, float] = dict.fromkeys(UNITS, 1.01) | {"seconds": 1.25}
CLOSE = 1.01
STRETCH = 4.0  # no interpolation between readings further apart than this factor


class ScoresAtLevel(NamedTuple):
    """One set at one level: a row per seed, some of them interpolated."""

    seeds: Seeds
    chosen: frozenset[tuple[str, float]]  # (run, share) that it rests on
    interpolated: bool


def highest(
    unit: Normaliser, sets: Sequence[list[Reading]], tolerance: float | None = None
) -> tuple[float, list[ScoresAtLevel]] | None:
    """The highest level that all sets reach, among those with the most seeds in common."""
    levels = sorted(_common_levels(unit, sets, tolerance), reverse=True)
    series = [_by_seed(mine, unit) for mine in sets]
    most = len(set.intersection(*(set(each) for each in series)))  # no level has more in common
    best: tuple[int, float, list[ScoresAtLevel]] | None = None
    for level in levels:
        if best and best[0] == most:
            break
        scores = [each for each in (_at(one, unit, level, tolerance) for one in series) if each]
        if len(scores) < len(sets):
            continue
        shared = len(set.intersection(*(set(each.seeds.by_seed) for each in scores)))
        if shared > (best[0] if best else 0):
            best = shared, level, scores
    return best[1:] if best else None


def _common_levels(
    unit: Normaliser, sets: Sequence[list[Reading]], tolerance: float | None
) -> set[float]:
    """All levels of the sets within the reach of each of them."""
    spent = [[r.spent[unit] for r in mine if r.spent.get(unit, 0) > 0] for mine in sets]
    if not all(spent):
        return set()
    factor = 1.001 * (TOLERANCE[unit] if tolerance is None else tolerance)
    low, high = max(map(min, spent)) / factor, factor * min(map(max, spent))
    return {level for each in spent for level in each if low <= level <= high}


def at(
    mine: list[Reading], unit: Normaliser, level: float, tolerance: float | None = None
) -> ScoresAtLevel | None:
    """The set's scores at a level of `unit`: from readings at that level, else interpolated.

    `tolerance`: the factor within which a reading counts as at that level; None: TOLERANCE.
    """
    return _at(_by_seed(mine, unit), unit, level, tolerance)


def _by_seed(mine: list[Reading], unit: Normaliser) -> dict[int, list[Reading]]:
    """Seed -> its readings that spent some of `unit`, by how much; the seeds in order."""
    series: dict[int, list[Reading]] = {}
    for reading in mine:
        if reading.spent.get(unit, 0) > 0:
            series.setdefault(reading.seed, []).append(reading)
    return {seed: sorted(series[seed], key=lambda r: r.spent[unit]) for seed in sorted(series)}


def _at(
    series: dict[int, list[Reading]], unit: Normaliser, level: float, tolerance: float | None
) -> ScoresAtLevel | None:
    within = math.log(TOLERANCE[unit] if tolerance is None else tolerance)
    rows: list[Row] = []
    chosen: set[tuple[str, float]] = set()
    between = False
    for own in series.values():
        amounts = [r.spent[unit] for r in own]
        below, above = bisect_left(amounts, level), bisect_right(amounts, level)
        # the readings next to the level, of equal ones the first
        beside = [bisect_left(amounts, amounts[below - 1])] if below else []
        beside += [below] if below < len(own) else []
        off, nearest = min((abs(math.log(amounts[i] / level)), i) for i in beside)
        if off <= within:
            near = own[nearest].row
            rows.append(near)
            chosen.add((near.run, near.share))
            continue
        if below and above < len(own) and amounts[above] / amounts[below - 1] <= STRETCH:
            low, high = own[below - 1], own[above]
            t = math.log(level / low.spent[unit]) / math.log(high.spent[unit] / low.spent[unit])
            rows.append(low.row._replace(value=(1 - t) * low.row.value + t * high.row.value))
            chosen |= {(r.row.run, r.row.share) for r in (low, high)}
            between = True
    if not rows:
        return None
    return ScoresAtLevel(seeds_of(rows, f"{rows[0].eval}, {unit}"), frozenset(chosen), between)
