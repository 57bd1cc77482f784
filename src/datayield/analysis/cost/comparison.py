"""The same runs compared at equal images, epochs, views, FLOPs and seconds: does the sign hold?

Scores are read at the study's budgets and at milestones that equal complete runs
(analysis/cost/readings.py). The normaliser matters: Hammoud et al. 2024, supplement A.2.
"""

import math
from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from datayield.analysis.cost.matching import ScoresAtLevel, at, highest
from datayield.analysis.cost.readings import (
    UNITS,
    Context,
    Reading,
    Standing,
    standing,
)
from datayield.analysis.model import (
    WORTH,
    Difference,
    GainVerdict,
    LayoutCell,
    NoiseModel,
    verdict_of_gain,
)
from datayield.analysis.results import Seeds
from datayield.spec.run import Normaliser
from datayield.spec.study import Study

Sign = Literal["better", "worse", "no effect", "inconclusive"]
Conclusion = Literal["flips", "rests", "partly", "stands", "inconclusive"]


class Images(NamedTuple):
    """A pretraining set, regardless of the seed's draw."""

    data: str
    n: int


@dataclass(frozen=True, slots=True)
class Equal:
    """Both sets at one level of `units`, which select the same readings; and all sizes there.

    `before` and `after` hold the seeds that both have.
    """

    units: tuple[Normaliser, ...]
    level: float  # of the first unit
    before: Seeds
    after: Seeds
    difference: Difference
    sign: Sign
    interpolated: bool
    curve: tuple[tuple[int, Seeds], ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """The smaller set against the larger one, under every normaliser that the runs allow."""

    context: Context
    name: str  # the larger's axes, as text
    start: str  # the smaller's, the same along a ladder
    n: int
    to: int
    equals: tuple[Equal, ...]

    @property
    def conclusion(self) -> Conclusion:
        """Whether the sign depends on what is held equal: `rests` on it if it is conclusive under
        each and differs, `partly` if it is inconclusive under one of them.
        """
        signs = {e.sign for e in self.equals}
        if {"better", "worse"} <= signs:
            return "flips"
        if len(self.equals) < 2 or signs == {"inconclusive"}:
            return "inconclusive"
        if "inconclusive" in signs:
            return "partly"
        return "stands" if len(signs) == 1 else "rests"


@dataclass(frozen=True, slots=True)
class Normalised:
    """All comparisons of a study; `standing` counts the runs that were re-read."""

    comparisons: tuple[Comparison, ...]
    standing: Standing


def normalise(study: Study, every: list[Reading], worth: float = WORTH) -> Normalised:
    """Compare the largest set of images with the smallest, at each normaliser's highest level.

    Along a ladder, its two ends; for sets of different images, the largest of each kind against the
    smallest of its kind, or of all. One noise model per evaluation.
    """
    groups: dict[Context, list[Reading]] = defaultdict(list)
    for reading in every:
        if reading.stands:
            groups[reading.context].append(reading)
    drafts: dict[str, list[_Draft]] = defaultdict(list)
    for context, mine in groups.items():
        drafts[context.eval].extend(_drafts(context, mine))
    comparisons = []
    for name in [ev.name for ev in study.evaluations if ev.name in drafts]:
        comparisons += _compared(drafts[name], worth)
    comparisons += [c for name in drafts if name not in _names(study) for c in
              _compared(drafts[name], worth)]  # fmt: skip
    return Normalised(tuple(comparisons), standing(every))


def _names(study: Study) -> set[str]:
    return {ev.name for ev in study.evaluations}


class _Level(NamedTuple):
    units: tuple[Normaliser, ...]
    level: float
    before: ScoresAtLevel
    after: ScoresAtLevel
    curve: tuple[tuple[int, Seeds], ...] = ()


class _Draft(NamedTuple):
    context: Context
    start: str
    name: str
    n: int
    to: int
    levels: list[_Level]


def _drafts(context: Context, mine: list[Reading]) -> Iterator[_Draft]:
    sets: dict[Images, list[Reading]] = defaultdict(list)
    for reading in mine:
        sets[Images(reading.data, reading.n)].append(reading)
    for pairs in _ends(list(sets)):
        (small, large), levels = _first_with_most_units(sets, pairs)
        if levels:
            start, name = (sets[which][0].row.axes_label for which in (small, large))
            drawn = [_with_curve(level, sets, small, large) for level in levels]
            yield _Draft(context, start, name, small.n, large.n, drawn)


def _first_with_most_units(
    sets: dict[Images, list[Reading]], pairs: list[tuple[Images, Images]]
) -> tuple[tuple[Images, Images], list[_Level]]:
    best, best_levels = pairs[0], list[_Level]()
    for small, large in pairs:
        levels = list(_levels(sets[small], sets[large]))
        if _units(levels) > _units(best_levels):
            best, best_levels = (small, large), levels
        if _units(best_levels) == len(UNITS):
            break
    return best, best_levels


def _units(levels: list[_Level]) -> int:
    return sum(len(level.units) for level in levels)


def _ends(sets: list[Images]) -> Iterator[list[tuple[Images, Images]]]:
    """For each kind of images the candidate pairs, the widest first.

    An unfinished study has not run all budgets of its largest sets, so the first pair that allows
    the most normalisers is used.
    """
    least = min(sets, key=lambda s: s.n)
    families: dict[str, list[Images]] = defaultdict(list)
    for each in sets:
        families[each.data].append(each)
    for kind in families.values():
        family = sorted(kind, key=lambda s: s.n)
        start = family[0] if family[0].n < family[-1].n else least
        pairs = [(start, large) for large in reversed(family) if start.n < large.n]
        if pairs:
            yield pairs


def _levels(small: list[Reading], large: list[Reading]) -> Iterator[_Level]:
    """What can be held equal between two sets; units that select the same runs are merged."""
    merged: dict[tuple[object, ...], _Level] = {}
    for unit in UNITS:
        reached = highest(unit, (small, large))
        if reached is None:
            continue
        level, (before, after) = reached
        key = before.chosen, after.chosen, before.interpolated or after.interpolated
        if key in merged:
            old = merged[key]
            merged[key] = old._replace(units=(*old.units, unit))
        else:
            merged[key] = _Level((unit,), level, before, after)
    yield from merged.values()


def _with_curve(
    level: _Level, sets: dict[Images, list[Reading]], small: Images, large: Images
) -> _Level:
    """The level with the sets between, at its first unit."""
    between = sorted({s for s in sets if s.data == large.data} | {small}, key=lambda s: s.n)
    points = [(s.n, at(sets[s], level.units[0], level.level)) for s in between]
    return level._replace(curve=tuple((n, f.seeds) for n, f in points if f is not None))


def _compared(drafts: list[_Draft], worth: float) -> list[Comparison]:
    cells: dict[Hashable, LayoutCell] = {}
    wanted: list[dict[Hashable, float]] = []
    for draft in drafts:
        for level in draft.levels:
            line = draft.context, level.units
            ends = (draft.n, level.before.seeds), (draft.to, level.after.seeds)
            # sizes between the two only improve the estimate of the noise
            for n, seeds in (*ends, *level.curve):
                key = draft.context, n, seeds  # one reading may stand at several levels
                block = draft.context._replace(eval="", protocol="", metric="")
                cells.setdefault(key, LayoutCell(key, seeds, block, line, n))
            small, large = ((draft.context, n, seeds) for n, seeds in ends)
            wanted.append({large: 1.0, small: -1.0})
    made = iter(NoiseModel(list(cells.values())).contrasts(wanted))
    return [
        Comparison(
            draft.context,
            draft.name,
            draft.start,
            draft.n,
            draft.to,
            tuple(_equal(level, next(made), draft.n, draft.to, worth) for level in draft.levels),
        )
        for draft in drafts
    ]


def _equal(level: _Level, difference: Difference, n: int, to: int, worth: float) -> Equal:
    return Equal(
        level.units,
        level.level,
        _shared(level.before.seeds, level.after.seeds),
        _shared(level.after.seeds, level.before.seeds),
        difference,
        _sign(difference, n, to, worth),
        level.before.interpolated or level.after.interpolated,
        level.curve,
    )


def _shared(seeds: Seeds, other: Seeds) -> Seeds:
    return replace(seeds, values=tuple(v for v in seeds.values if v[0] in other.by_seed))


def _sign(d: Difference, n: int, to: int, worth: float) -> Sign:
    """As everywhere: surely within `worth` per doubling, and not surely a gain, is equal."""
    verdict, _ = verdict_of_gain(d.per(math.log2(to / n)), worth)
    said: dict[GainVerdict, Sign] = {
        "helps": "better", "small gain": "better", "hurts": "worse", "no effect": "no effect",
    }  # fmt: skip
    return said.get(verdict, "inconclusive")
