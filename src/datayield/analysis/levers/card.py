"""What to buy next: one card for each task and method, and one answer over all of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from datayield.analysis.evidence import Evidence, Setting
from datayield.analysis.levers.back_test import BackTest, back_test
from datayield.analysis.levers.best_plan import BestPlan, best_plan
from datayield.analysis.levers.experiments import (
    Experiment,
    again,
    experiments,
    more_test_images,
    unmeasured,
)
from datayield.analysis.levers.law_map import LawMap, law_map
from datayield.analysis.levers.lever import (
    NOISE_UNKNOWN,
    SPARE,
    FittedScore,
    Lever,
    LeverName,
    Pull,
    fitted,
    largest,
    published_pull,
    pulls,
    times,
    varied,
)
from datayield.analysis.levers.odds import SURE, Odds, Purchase, chosen, odds_of, regret
from datayield.analysis.levers.visible import VisibleGain, visible_gain
from datayield.analysis.model.law import SAMPLES, FittedLaw, fit_laws
from datayield.analysis.model.law.forms import Floats
from datayield.spec.study import Prices

AHEAD = (2.0, 4.0)  # times what there is, that scores are forecast at
DOUBTED = 0.5  # of the worlds that may doubt a lever before the answer over all does
FEWEST = 2  # settings with runs; with two values of a lever it is doubted all the same


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The choice, and the probability that it is right, 0 to 1; `likely`: before any doubt.

    `regret`: how much less than the best choice `likely` brings on average, as a share of the
    score; None where gains are weighed by their costs. `none`: the probability that nothing is
    worth having.
    """

    lever: Purchase
    probability: float
    likely: Purchase = "inconclusive"
    regret: float | None = None
    none: float = 0.0


class ForecastPoint(NamedTuple):
    """The score of a run with more of one lever, as a share, with its 90% interval."""

    lever: LeverName
    to: float
    score: float
    low: float
    high: float


@dataclass(frozen=True)
class Card:
    """The answer for one task and method, at one setting.

    `unvaried`: levers that the runs say nothing about. `few`: whether there are too few settings
    for a law; published weights are compared with all the same. `visible`: what the runs can show,
    where the odds are too low to recommend anything. `untrained`: the mean score of the untrained
    encoder with as many labels, where it was measured.
    """

    task: str
    method: str
    at: Setting
    score: FittedScore | None
    recommendation: Recommendation
    levers: tuple[Lever, ...] = ()
    forecasts: tuple[ForecastPoint, ...] = ()
    would_decide: tuple[Experiment, ...] = ()
    unvaried: tuple[LeverName, ...] = ()
    few: bool = False
    visible: VisibleGain | None = None
    untrained: float | None = None


@dataclass(frozen=True)
class Answer:
    """The recommendation over all cards: for the mean of their gains."""

    recommendation: Recommendation
    levers: tuple[Lever, ...]
    cards: tuple[Card, ...]
    prices: Prices
    notes: tuple[str, ...] = ()
    laws: tuple[FittedLaw, ...] = ()  # of the cards, in their order
    pulls: tuple[list[Pull], ...] = ()  # of the cards: samples of the gains of each lever
    best_plan: BestPlan | None = None  # for a sum of money, where one was named

    @property
    def judged(self) -> tuple[Card, ...]:
        """The cards whose gains the answer is the mean of."""
        lawful = tuple(card for card in self.cards if not card.few)
        return lawful or tuple(card for card in self.cards if card.levers)

    @cached_property
    def back_test(self) -> BackTest:
        """How the laws do on the largest of their own runs, hidden."""
        return back_test(self.laws)

    def maps(self) -> Iterator[tuple[Card, LawMap]]:
        """The law over images and compute for each card whose runs vary both, one by one."""
        for card, law in zip(self.cards, self.laws, strict=True):
            made = None if card.few else law_map(law, card.at)
            if made is not None:
                yield card, made


def decide(
    evidence: Evidence,
    at: Setting | None = None,
    prices: Prices | None = None,
    spend: float | None = None,
) -> Answer:
    """The answer for all worlds of the evidence, at `at` or each at its largest setting.

    With `spend`, also the best plan for that much money.
    """
    prices = prices or Prices()
    laws = fit_laws(evidence.worlds)
    made = [_card(law, _point(law, at), prices) for law in laws]
    cards = tuple(card for card, _ in made)
    whole = _over_all([mine for card, mine in made if not card.few])
    whole = whole or _over_all([mine for _, mine in made if mine])  # of published weights alone
    odds = odds_of(whole) if whole else None
    choice, levers = Recommendation("inconclusive", 0.0), tuple[Lever, ...]()
    if odds is not None:
        choice = _recommended(whole, odds)
        levers = tuple(_lever(p, q) for p, q in zip(whole, odds.levers, strict=True))
    told = tuple(mine for _, mine in made)
    plan = None
    if spend is not None:
        known = [
            (law, card.at, mine)
            for law, (card, mine) in zip(laws, made, strict=True)
            if not card.few
        ]
        plan = best_plan(known, prices, spend)
    return Answer(choice, levers, cards, prices, evidence.notes, tuple(laws), told, plan)


def _point(law: FittedLaw, at: Setting | None) -> Setting:
    """`at`, with what it leaves open, or no run tells, taken from the largest setting."""
    top = largest(law.cells)
    if at is None:
        return top
    open_keys = {
        key: value
        for key, value in top._asdict().items()
        if value is None or getattr(at, key) is None
    }
    return at._replace(**open_keys)


def _card(law: FittedLaw, at: Setting, prices: Prices) -> tuple[Card, list[Pull]]:
    world, none = law.world, Recommendation("inconclusive", 0.0)
    if len(law.cells.settings) < FEWEST:
        return _few(law, at)
    told = pulls(law, at, prices)
    mine = [_unless_few(pull, pull.spare) for pull in told]
    if not mine:
        return Card(world.task, world.method, at, None, none, few=True), []
    odds = odds_of(mine)
    ahead = [(p, f) for p in mine if p.setting is not None for f in AHEAD]
    settings = [times(at, p.lever, f, p.with_compute) for p, f in ahead]
    scores = 1 - law.errors([at, *settings])
    own, *further = map(fitted, scores.T)
    forecasts = (
        ForecastPoint(p.lever, f * p.start, *s) for (p, f), s in zip(ahead, further, strict=True)
    )
    choice = _recommended(mine, odds)
    card = Card(
        world.task,
        world.method,
        at,
        own,
        choice,
        tuple(_lever(p, q) for p, q in zip(mine, odds.levers, strict=True)),
        tuple(forecasts),
        _would_decide(law, at, mine, choice),
        tuple(name for name in ("images", "compute", "labels") if name not in varied(law.cells)),
        visible=visible_gain(law) if choice.probability < SURE else None,
        untrained=float(np.mean(free)) if (free := world.untrained(at.labels)) else None,
    )
    return card, told


def _recommended(mine: Sequence[Pull], odds: Odds) -> Recommendation:
    lever, probability, likely = chosen(mine, odds)
    return Recommendation(lever, probability, likely, regret(mine, likely), odds.stop)


def _few(law: FittedLaw, at: Setting) -> tuple[Card, list[Pull]]:
    """A card without a law: published weights can be compared with all the same."""
    own = law.errors([at])[:, 0]
    told = [*published_pull(law, at, own)]
    mine = [_unless_few(pull, pull.spare) for pull in told]
    choice, levers = Recommendation("inconclusive", 0.0), tuple[Lever, ...]()
    if mine:
        odds = odds_of(mine)
        choice = _recommended(mine, odds)
        levers = tuple(_lever(p, q) for p, q in zip(mine, odds.levers, strict=True))
    return Card(law.world.task, law.world.method, at, None, choice, levers, few=True), told


def _unless_few(pull: Pull, spare: int) -> Pull:
    """The lever, in doubt where the noise is hardly known."""
    return pull if pull.doubt or spare >= SPARE else pull._replace(doubt=NOISE_UNKNOWN)


def _would_decide(
    law: FittedLaw, at: Setting, mine: list[Pull], choice: Recommendation
) -> tuple[Experiment, ...]:
    """Runs that raise the odds; where the odds are good, those that would remove the doubt.

    First of all test images, where they limit what runs can tell of the likely choice.
    """
    if choice.lever != "inconclusive":
        return ()
    if choice.probability < SURE:
        likely = [p for p in mine if choice.likely in (p.lever, "stop")]
        return (*more_test_images(law, at, likely), *experiments(law, at, mine))
    if any(p.doubt == NOISE_UNKNOWN for p in mine):
        return (again(law, at, SPARE),)
    doubted: list[LeverName] = [p.lever for p in mine if p.doubt]
    if choice.likely == "stop":
        known = {p.lever for p in mine}
        doubted += [name for name in ("images", "compute") if name not in known]
    return tuple(unmeasured(law, at, doubted))


def _lever(pull: Pull, probability: float) -> Lever:
    return Lever(
        pull.lever,
        pull.start,
        pull.to,
        *fitted(pull.gains),
        pull.cost,
        probability,
        pull.doubt,
        pull.with_compute,
        None if pull.even is None else fitted(pull.even),
        pull.name,
        float((pull.gains > 0).mean()) if pull.lever == "weights" else 0.0,
    )


def _over_all(worlds: Sequence[list[Pull]]) -> list[Pull]:
    """Each lever's mean gain over the worlds that have it; costs are those of one of them.

    Samples of different worlds are drawn apart. A lever that only some worlds have is left out,
    unless no lever is in all.
    """
    rng = np.random.Generator(np.random.PCG64(5))
    by_name: dict[LeverName, list[Pull]] = {}
    for mine in worlds:
        order = rng.permutation(SAMPLES)
        for pull in mine:
            even = None if pull.even is None else pull.even[order]
            mixed = pull._replace(gains=pull.gains[order], even=even)
            by_name.setdefault(pull.lever, []).append(mixed)
    most = max((len(found) for found in by_name.values()), default=0)
    whole = []
    for found in by_name.values():
        if len(found) == most:
            gains: Floats = np.mean([pull.gains for pull in found], axis=0)
            doubts = [pull.doubt for pull in found if pull.doubt]
            doubt = doubts[0] if len(doubts) > DOUBTED * most else ""
            spare = sum(pull.spare for pull in found)
            evens = [pull.even for pull in found if pull.even is not None]
            even = np.mean(evens, axis=0) if len(evens) == most else None
            same = {pull.name for pull in found} == {found[0].name}
            name = found[0].name if same else ""
            mean = found[0]._replace(gains=gains, doubt=doubt, even=even, name=name)
            whole.append(_unless_few(mean, spare))
    return whole
