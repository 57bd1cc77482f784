"""Hide what was measured last, forecast it and decide without it: how well that would have gone."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal, NamedTuple

from datayield.analysis.evidence import Setting
from datayield.analysis.levers.lever import AXES, pulls
from datayield.analysis.levers.odds import SURE, WORTH, odds_of
from datayield.analysis.model.law import FittedLaw, MeasuredCells, pooled
from datayield.spec.study import Prices

VALUES = 3  # of an axis, at least, so that two stay when the largest is hidden
FEWEST = 4  # settings that stay
HiddenChoice = Literal["images", "compute", "stop"]
CHOICES: tuple[HiddenChoice, ...] = ("images", "compute", "stop")


class HiddenForecast(NamedTuple):
    """A setting that was hidden: its forecast score and what was measured, as shares."""

    lever: Literal["images", "compute"]
    setting: Setting
    predicted: float
    measured: float


class HiddenDecision(NamedTuple):
    """A choice at `at` without any larger run; `gains`: measured, per doubling, as shares."""

    task: str
    method: str
    at: Setting
    choice: HiddenChoice
    odds: float
    gains: dict[HiddenChoice, float]

    @property
    def sure(self) -> bool:
        """Whether the odds suffice for a recommendation."""
        return self.odds >= SURE

    def regret(self, choice: HiddenChoice) -> float:
        """What `choice` brings less than the best one, per doubling."""
        return max(self.gains.values()) - self.gains[choice]

    @property
    def right(self) -> bool:
        """Whether the choice falls short of the best by less than is worth having."""
        return self.regret(self.choice) < WORTH


class BackTest(NamedTuple):
    """All tasks and methods whose grids are large enough."""

    forecasts: tuple[HiddenForecast, ...]
    decisions: tuple[HiddenDecision, ...]

    @property
    def error(self) -> float:
        """Root mean square error of the forecasts, as a share; NaN if there is none."""
        if not self.forecasts:
            return math.nan
        squares = [(f.predicted - f.measured) ** 2 for f in self.forecasts]
        return math.sqrt(sum(squares) / len(squares))

    def regret(self, choice: HiddenChoice | None = None) -> float:
        """Mean regret of always making `choice`, or of the law's choices."""
        each = [d.regret(choice or d.choice) for d in self.decisions]
        return sum(each) / len(each) if each else math.nan


def back_test(laws: Sequence[FittedLaw]) -> BackTest:
    """Hide the largest images, then the largest compute, then both, and look."""
    forecasts: list[HiddenForecast] = []
    for lever in ("images", "compute"):
        axis = AXES[lever]
        for cells, hidden, law in _fitted(laws, partial(_largest, axis)):
            predicted = 1 - law.errors(hidden).mean(axis=0)
            for s, score in zip(hidden, predicted.tolist(), strict=True):
                truth = 1 - float(cells.errors[cells.settings.index(s)])
                forecasts.append(HiddenForecast(lever, s, score, truth))
    decisions = []
    corners = {id(law.cells): here for law in laws if (here := _corner(law.cells))}
    for cells, _, law in _fitted(
        laws, lambda c: ahead_of(c, corners[id(c)]) if id(c) in corners else []
    ):
        made = decision_at(cells, law, corners[id(cells)])
        decisions += [made] if made else []
    return BackTest(tuple(forecasts), tuple(decisions))


def ahead_of(cells: MeasuredCells, here: Setting) -> list[Setting]:
    """Settings with more images or more compute than `here`."""
    n, c = here.images or 0, here.presented or 0
    return [s for s in cells.settings if (s.images or 0) > n or (s.presented or 0) > c]


def decision_at(cells: MeasuredCells, law: FittedLaw, here: Setting) -> HiddenDecision | None:
    """The choice by a law that was fitted without what is ahead of `here`.

    `cells` are all that were measured. None where the next images or the next compute were not
    measured, or the law has no opinion on one of them.
    """
    ahead = _next(cells, here)
    levers = {p.lever: p for p in pulls(law, here, Prices(), doubts=False)}
    if ahead is None or not {"images", "compute"} <= levers.keys():
        return None
    more, longer = ahead
    at = dict(zip(cells.settings, cells.errors.tolist(), strict=True))
    odds = odds_of([levers["images"], levers["compute"]])
    likely, choice = max(zip((*odds.levers, odds.stop), CHOICES, strict=True))
    gains: dict[HiddenChoice, float] = {
        "images": (at[here] - at[more]) / math.log2((more.images or 0) / (here.images or 1)),
        "compute": (at[here] - at[longer])
        / math.log2((longer.presented or 0) / (here.presented or 1)),
        "stop": 0.0,
    }
    return HiddenDecision(law.world.task, law.world.method, here, choice, likely, gains)


def _fitted(
    laws: Sequence[FittedLaw],
    hide: Callable[[MeasuredCells], list[Setting]],
) -> list[tuple[MeasuredCells, list[Setting], FittedLaw]]:
    """All cells, the hidden ones and the law without them, of the grids that are large enough."""
    chosen = [(law, hide(law.cells)) for law in laws]
    chosen = [(law, h) for law, h in chosen if h and len(law.cells.settings) - len(h) >= FEWEST]
    blind = pooled([law.without(hidden) for law, hidden in chosen])
    return [(law.cells, h, other) for (law, h), other in zip(chosen, blind, strict=True)]


def _values(cells: MeasuredCells, axis: int) -> list[float]:
    return sorted({float(v) for s in cells.settings if (v := s[axis])})


def _largest(axis: int, cells: MeasuredCells) -> list[Setting]:
    values = _values(cells, axis)
    if len(values) < VALUES:
        return []
    return [s for s in cells.settings if s[axis] == values[-1]]


def _corner(cells: MeasuredCells) -> Setting | None:
    """The largest setting, with most labels, whose next images and compute were measured."""
    inner = [s for s in cells.settings if _next(cells, s)]
    return max(
        inner,
        key=lambda s: (s.labels or 0, s.views or 0, (s.images or 0) * (s.presented or 0)),
        default=None,
    )


def _next(cells: MeasuredCells, here: Setting) -> tuple[Setting, Setting] | None:
    """The neighbours with the next more images, and with the next more compute."""
    if not here.images or not here.presented:
        return None
    known = set(cells.settings)
    wider = [v for v in _values(cells, AXES["images"]) if v > here.images]
    longer = [v for v in _values(cells, AXES["compute"]) if v > here.presented]
    if not wider or not longer:
        return None
    found = (here._replace(images=int(wider[0])), here._replace(presented=longer[0]))
    return found if known.issuperset(found) else None
