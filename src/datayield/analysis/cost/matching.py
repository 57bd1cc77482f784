"""Sets of readings at one level of a normaliser, measured there or interpolated."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from operator import itemgetter
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
    within = _within(unit, tolerance)
    every = [_by_seed(mine, unit) for mine in sets]
    most = len(set.intersection(*(set(each) for each in every)))  # no level has more in common
    best, best_level = 0, 0.0
    for level in levels:
        if best == most:
            break
        reach = [
            {seed for seed, own in series.items() if _beside(own, level, within)}
            for series in every
        ]
        shared = len(set.intersection(*reach))
        if shared > best:
            best, best_level = shared, level
    if not best:
        return None
    scores = [_at(series, unit, best_level, within) for series in every]
    return best_level, [each for each in scores if each is not None]


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
    return _at(_by_seed(mine, unit), unit, level, _within(unit, tolerance))


class _Series(NamedTuple):
    """The readings of one seed, by how much they spent."""

    amounts: list[float]
    readings: list[Reading]


def _within(unit: Normaliser, tolerance: float | None) -> float:
    """How far from a level a reading counts as at that level, in logarithms."""
    return math.log(TOLERANCE[unit] if tolerance is None else tolerance)


def _by_seed(mine: list[Reading], unit: Normaliser) -> dict[int, _Series]:
    """Seed -> its readings that spent some of `unit`; the seeds in order."""
    by_seed: dict[int, list[tuple[float, Reading]]] = {}
    for reading in mine:
        amount = reading.spent.get(unit, 0)
        if amount > 0:
            by_seed.setdefault(reading.seed, []).append((amount, reading))
    series = {}
    for seed in sorted(by_seed):
        pairs = sorted(by_seed[seed], key=itemgetter(0))
        series[seed] = _Series([amount for amount, _ in pairs], [each for _, each in pairs])
    return series


def _beside(own: _Series, level: float, within: float) -> tuple[Reading, ...]:
    """The reading at the level, or the two to interpolate between; none where it is not reached."""
    amounts, readings = own
    below, above = bisect_left(amounts, level), bisect_right(amounts, level)
    # the readings next to the level, of equal ones the first
    beside = [bisect_left(amounts, amounts[below - 1])] if below else []
    beside += [below] if below < len(amounts) else []
    off, nearest = min((abs(math.log(amounts[i] / level)), i) for i in beside)
    if off <= within:
        return (readings[nearest],)
    if below and above < len(amounts) and amounts[above] / amounts[below - 1] <= STRETCH:
        return readings[below - 1], readings[above]
    return ()


def _at(
    series: dict[int, _Series], unit: Normaliser, level: float, within: float
) -> ScoresAtLevel | None:
    rows: list[Row] = []
    chosen: set[tuple[str, float]] = set()
    between = False
    for own in series.values():
        beside = _beside(own, level, within)
        chosen |= {(r.row.run, r.row.share) for r in beside}
        if len(beside) == 1:
            rows.append(beside[0].row)
        elif beside:
            low, high = beside
            t = math.log(level / low.spent[unit]) / math.log(high.spent[unit] / low.spent[unit])
            rows.append(low.row._replace(value=(1 - t) * low.row.value + t * high.row.value))
            between = True
    if not rows:
        return None
    return ScoresAtLevel(seeds_of(rows, f"{rows[0].eval}, {unit}"), frozenset(chosen), between)
