"""Error against cost: which runs are on the Pareto frontier, and when an accuracy was reached.

Every milestone counts here, whatever the schedule: the question is when a run in progress reached
an accuracy, as in error curves over training, not what a smaller budget would give.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Literal, NamedTuple

from datayield.analysis.cost.readings import Reading
from datayield.analysis.results import CurveKey, key_of
from datayield.spec.study import Study

Cost = Literal["seconds", "flops"]
SPREAD = 1.3  # seconds of equal work differ by less, so they give no frontier


class ParetoLine(NamedTuple):
    """One way of pretraining: a curve's name and N (the budget is in `key.budget`)."""

    key: CurveKey
    encoder: str
    n: int

    @property
    def name(self) -> str:
        """'SimCLR, 20k images, N = 1,000'."""
        return f"{self.key.name}, N = {self.n:,}"


@dataclass(frozen=True, slots=True)
class ParetoPoint:
    """A line at one fraction of its budget: mean error and mean cost over seeds."""

    line: ParetoLine
    share: float
    cost: float
    error: float
    low: float  # smallest and largest error of a seed
    high: float
    seeds: int
    best: bool  # on the frontier: nothing at most as expensive has a lower error


@dataclass(frozen=True, slots=True)
class Reached:
    """When a line reached an accuracy: the mean curve of its seeds, and the range over seeds.

    `cost` is None if the mean curve never did, `low` and `high` if a seed never did.
    """

    line: ParetoLine
    cost: float | None
    low: float | None
    high: float | None
    final: float  # accuracy at the end, mean over seeds


@dataclass(frozen=True, slots=True)
class Frontier:
    """All points of one evaluation for one kind of cost, cheapest first.

    `target` is the final accuracy of the study's first line; `reached`, when each line got there.
    """

    eval: str
    place: str
    metric: str
    cost: Cost
    spots: tuple[ParetoPoint, ...]
    target: float
    target_of: ParetoLine
    reached: tuple[Reached, ...]

    def by_line(self) -> dict[ParetoLine, list[ParetoPoint]]:
        """The points of each line, cheapest first."""
        lines: dict[ParetoLine, list[ParetoPoint]] = {}
        for spot in self.spots:
            lines.setdefault(spot.line, []).append(spot)
        return lines


def frontiers(study: Study, readings: Iterable[Reading], *costs: Cost) -> list[Frontier]:
    """For each cost, a frontier per evaluation with two or more lines that differ in that cost."""
    names = [ev.name for ev in study.evaluations if not ev.part_of]
    every: dict[str, dict[ParetoLine, list[Reading]]] = {name: {} for name in names}
    for r in readings:
        row = r.row
        if row.eval in every:
            line = ParetoLine(key_of(row), row.encoder, row.n)
            every[row.eval].setdefault(line, []).append(r)
    fronts = []
    for cost, name in product(costs, names):
        known = {
            line: [r for r in mine if r.spent.get(cost, 0) > 0]
            for line, mine in every[name].items()
        }
        lines = {line: mine for line, mine in known.items() if mine}
        if len(lines) > 1:
            made = _frontier(name, cost, lines)
            if made.spots[-1].cost > SPREAD * made.spots[0].cost:
                fronts.append(made)
    return fronts


def pareto(spots: Iterable[tuple[float, float]]) -> list[bool]:
    """For each (cost, error): whether no other is at least as good in both and better in one."""
    given = list(spots)
    best: dict[tuple[float, float], bool] = {}
    least = float("inf")
    for spot in sorted(set(given)):
        best[spot] = spot[1] < least
        least = min(least, spot[1])
    return [best[spot] for spot in given]


def time_to(course: list[tuple[float, float]], target: float) -> float | None:
    """The cost at which a curve of (cost, accuracy) first reaches `target`; None if never.

    Linear between milestones; nothing is known before the first one, so its cost is returned.
    """
    before: tuple[float, float] | None = None
    for cost, accuracy in sorted(course):
        if accuracy >= target:
            if before is None:
                return cost
            part = (target - before[1]) / (accuracy - before[1])
            return before[0] + part * (cost - before[0])
        before = cost, accuracy
    return None


def _frontier(name: str, cost: Cost, lines: dict[ParetoLine, list[Reading]]) -> Frontier:
    drafts = [
        (line, share, _mean([r.spent[cost] for r in mine]), [1 - r.row.value for r in mine])
        for line, every in lines.items()
        for share, mine in _by_share(every).items()
    ]
    flags = pareto([(price, _mean(errors)) for _, _, price, errors in drafts])
    spots = [
        ParetoPoint(line, share, price, _mean(errors), min(errors), max(errors), len(errors), best)
        for (line, share, price, errors), best in zip(drafts, flags, strict=True)
    ]
    first = next(iter(lines))
    target = _final(lines[first])
    return Frontier(
        name,
        first.key.place,
        first.key.metric,
        cost,
        tuple(sorted(spots, key=lambda s: (s.cost, s.error))),
        target,
        first,
        tuple(_reached(line, mine, cost, target) for line, mine in lines.items()),
    )


def _reached(line: ParetoLine, mine: list[Reading], cost: Cost, target: float) -> Reached:
    seeds: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for r in mine:
        seeds[r.seed].append((r.spent[cost], r.row.value))
    times = [time_to(course, target) for course in seeds.values()]
    known = [t for t in times if t is not None]
    course = [
        (_mean([r.spent[cost] for r in same]), _mean([r.row.value for r in same]))
        for same in _by_share(mine).values()
    ]
    every = len(known) == len(times)
    return Reached(
        line,
        time_to(course, target),
        min(known) if every else None,
        max(known) if every else None,
        _final(mine),
    )


def _final(mine: list[Reading]) -> float:
    last = max(r.row.share for r in mine)
    return _mean([r.row.value for r in mine if r.row.share == last])


def _by_share(mine: list[Reading]) -> dict[float, list[Reading]]:
    by_share: dict[float, list[Reading]] = defaultdict(list)
    for r in mine:
        by_share[r.row.share].append(r)
    return by_share


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
