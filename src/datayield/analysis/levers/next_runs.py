"""Which pending runs of a study to do next: those that raise the odds most for their time."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from datayield.analysis.evidence import Setting
from datayield.analysis.levers.card import Answer, Card
from datayield.analysis.levers.experiments import THINNED, expected_odds
from datayield.analysis.levers.lever import Pull
from datayield.analysis.levers.odds import SURE, winners
from datayield.analysis.model.law import FittedLaw


class Candidate(NamedTuple):
    """A pending run: the method and setting of its scores, and its likely seconds (or images)."""

    run: str
    method: str
    setting: Setting
    cost: float


def next_runs(answer: Answer, pending: Sequence[Candidate], most: int) -> list[str]:
    """At most `most` runs, the most useful first.

    Useful is the rise of the expected odds of the best choice, averaged over the tasks and methods
    that are not decided yet, divided by the square root of the cost: a long run may be the one that
    decides. Methods of which nothing is known yet come first.
    """
    known = {card.method for card in answer.cards if not card.few}
    new = [each for each in pending if each.method not in known]
    if new:
        return [each.run for each in sorted(new, key=lambda each: each.cost)[:most]]
    rises = np.zeros(len(pending))
    for card, law, mine in zip(answer.cards, answer.laws, answer.pulls, strict=True):
        if not card.few and card.recommendation.probability < SURE:
            rises += _rises(card, law, mine, pending)
    worth = rises / np.sqrt([max(each.cost, 1e-9) for each in pending])
    order = sorted(range(len(pending)), key=lambda i: (-worth[i], pending[i].cost))
    return [pending[i].run for i in order[:most]]


def _rises(
    card: Card, law: FittedLaw, levers: Sequence[Pull], pending: Sequence[Candidate]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """By how much each run is expected to raise the odds of one card."""
    rises = np.zeros(len(pending))
    mine = [i for i, each in enumerate(pending) if each.method == card.method]
    settings = list(dict.fromkeys(_beside(card, pending[i].setting) for i in mine))
    if not settings:
        return rises
    best, none = winners(levers)
    outcomes = np.column_stack([best, none])[::THINNED].astype(float)
    now = float(outcomes.mean(axis=0).max())
    errors = law.errors(settings)[::THINNED]
    odds = {s: expected_odds(errors[:, i], law.noise, outcomes) for i, s in enumerate(settings)}
    for i in mine:
        rises[i] = max(odds[_beside(card, pending[i].setting)] - now, 0.0)
    return rises


def _beside(card: Card, setting: Setting) -> Setting:
    """The setting with the labels that the card is about, and its views where they do not vary."""
    views = card.at.views if setting.views is None else setting.views
    return setting._replace(labels=card.at.labels, views=views)
