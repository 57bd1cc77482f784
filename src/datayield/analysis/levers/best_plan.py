"""The best plan for a sum of money: how much of each lever to buy, by the law's expected score.

A purchase of images, compute and labels together, from one setting. Candidates are all amounts on
a grid that the money pays for, and those in which one lever takes what the others leave; the grid
is then refined around the best. A plan that is simpler, or costs less, is preferred where it
scores the same within a tenth of a point.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np

from datayield.analysis.evidence import Setting
from datayield.analysis.levers.lever import FittedScore, LeverName, fitted
from datayield.analysis.levers.market import Amounts, AskedLaw, Market, market_of
from datayield.analysis.levers.odds import TIE
from datayield.analysis.model.law import FittedLaw
from datayield.analysis.model.law.forms import Floats
from datayield.spec.study import Prices

GRID = {1: 33, 2: 13, 3: 7}  # amounts of each lever, by how many there are
ROUNDS = 2  # of the refined search, each with half the distance between amounts


class Bought(NamedTuple):
    """What to buy of one lever: from how much to how much, and for what.

    `hours`: of training beyond those of the present run, for compute and for a ladder in which
    compute grows with the images.
    """

    lever: LeverName
    start: float
    to: float
    cost: float
    hours: float | None = None


@dataclass(frozen=True, slots=True)
class FoundPlan:
    """What to buy, and what it is expected to bring. `bought` is empty where nothing is worth it.

    `single`: the lever that brings most when all the money goes into it alone; `over_single`: the
    gain of the plan against that; `odds`: that the plan beats it, None where they are the same.
    `furthest`: levers of which no more was looked at.
    """

    bought: tuple[Bought, ...]
    cost: float
    setting: Setting
    score: FittedScore
    gain: FittedScore
    single: LeverName | None
    over_single: FittedScore
    odds: float | None
    furthest: tuple[LeverName, ...] = ()


@dataclass(frozen=True, slots=True)
class BestPlan:
    """The plan for `spend`, None where there is none; why levers were left out, and the tasks.

    `worlds`: tasks and methods whose mean score the plan maximises, of `of` in all: those that
    share the most frequent setting.
    """

    spend: float
    found: FoundPlan | None
    left_out: tuple[str, ...]
    worlds: int
    of: int


def best_plan(known: Sequence[AskedLaw], prices: Prices, spend: float) -> BestPlan:
    """The purchase for at most `spend` that maximises the mean expected score."""
    if not known:
        return BestPlan(spend, None, ("no gain can be estimated",), 0, 0)
    at = Counter(setting for _, setting, _ in known).most_common(1)[0][0]
    shared = [each for each in known if each[1] == at]
    market, left_out = market_of(shared, at, prices, spend)
    found = _found([law for law, _, _ in shared], market, spend) if market.levers else None
    return BestPlan(spend, found, tuple(left_out), len(shared), len(known))


def _found(laws: Sequence[FittedLaw], market: Market, spend: float) -> FoundPlan:
    k = len(market.levers)
    best = _search(laws, market, spend, tuple(range(k)))
    alone = [_search(laws, market, spend, (i,)) for i in range(k)]
    compared = [market.start, best, *alone]
    now, planned, *singles = _scores(laws, market, compared)
    means = [float(s.mean()) for s in singles]
    first = int(np.argmax(means))
    bought = tuple(
        Bought(lever, s, a, p * (a - s), market.hours_for(lever, a - s))
        for lever, s, a, p in zip(market.levers, market.start, best, market.price, strict=True)
        if a > s
    )
    used = [each.lever for each in bought]
    single = market.levers[first] if alone[first] != market.start else None
    same = single is None or used == [single] or not used
    further = planned - (planned if same else singles[first])
    return FoundPlan(
        bought,
        market.cost(best),
        market.setting(best),
        fitted(planned),
        fitted(planned - now),
        used[0] if len(used) == 1 else single,
        fitted(further),
        None if same else float((further > 0).mean()),
        tuple(
            lever
            for lever, start, amount, top in zip(
                market.levers, market.start, best, market.top, strict=True
            )
            if amount > start and amount >= 0.99 * top
        ),
    )


def _search(
    laws: Sequence[FittedLaw], market: Market, spend: float, free: tuple[int, ...]
) -> Amounts:
    """The best amounts where only the levers of `free` are bought."""
    steps = GRID[len(free)]
    axes = [
        _between(market.start[i], market.most[i], steps) if i in free else [market.start[i]]
        for i in range(len(market.levers))
    ]
    best = market.start
    apart = [(market.most[i] / market.start[i]) ** (1 / (steps - 1)) for i in range(len(axes))]
    for _ in range(1 + ROUNDS):
        candidates = [best, *_affordable(market, spend, axes, free)]
        best = _simplest(laws, market, list(dict.fromkeys(candidates)))
        apart = [step**0.5 for step in apart]
        axes = [
            [market.start[i], *(best[i] * apart[i] ** p for p in (-1, 0, 1))]
            if i in free
            else [market.start[i]]
            for i in range(len(axes))
        ]
    return best


def _between(start: float, most: float, steps: int) -> list[float]:
    even: list[float] = np.geomspace(start, max(most, start), steps).tolist()
    return even


def _affordable(
    market: Market, spend: float, axes: Sequence[Sequence[float]], free: tuple[int, ...]
) -> list[Amounts]:
    """All amounts on the axes that the money pays for, and each lever with what others leave."""
    made = []
    for amounts in product(*axes):
        made.append(amounts)
        for i in free:
            others = market.cost(amounts) - market.price[i] * (amounts[i] - market.start[i])
            if market.price[i] > 0:
                rest = market.start[i] + (spend - others) / market.price[i]
                made.append((*amounts[:i], rest, *amounts[i + 1 :]))
    whole = [
        market.whole([min(a, m) for a, m in zip(amounts, market.most, strict=True)])
        for amounts in made
        if all(a >= s * (1 - 1e-9) for a, s in zip(amounts, market.start, strict=True))
    ]
    return [amounts for amounts in whole if market.cost(amounts) <= spend * (1 + 1e-9)]


def _simplest(laws: Sequence[FittedLaw], market: Market, candidates: list[Amounts]) -> Amounts:
    """Among those that score the same within a tie: fewest levers, then the cheapest."""
    means = np.array([float(s.mean()) for s in _scores(laws, market, candidates)])
    close = [c for c, mean in zip(candidates, means, strict=True) if mean >= means.max() - TIE]

    def levers_and_cost(amounts: Amounts) -> tuple[int, float]:
        used = sum(a > s for a, s in zip(amounts, market.start, strict=True))
        return used, market.cost(amounts)

    return min(close, key=levers_and_cost)


def _scores(laws: Sequence[FittedLaw], market: Market, of: Sequence[Amounts]) -> list[Floats]:
    """Samples of the mean score over all laws at each of the amounts."""
    settings = [market.setting(amounts) for amounts in of]
    mean: Floats = np.mean([1 - law.errors(settings) for law in laws], axis=0)
    return list(mean.T)
