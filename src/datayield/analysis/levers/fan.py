"""The score along one lever: what the law says of less and of more of it, with its interval."""

from typing import NamedTuple

import numpy as np

from datayield.analysis.levers.card import Card
from datayield.analysis.levers.lever import AXES, LEVEL, Lever, times
from datayield.analysis.levers.odds import Purchase
from datayield.analysis.model.law import FittedLaw
from datayield.analysis.model.law.forms import Floats

STEPS = 25
AHEAD = 4.0  # times what there is


class Fan(NamedTuple):
    """Scores as shares [STEPS] at `amounts` of the lever, with their 90% interval.

    `measured`: amounts and mean scores of the settings that differ in this lever alone.
    """

    lever: Lever
    amounts: Floats
    scores: Floats
    low: Floats
    high: Floats
    measured: tuple[tuple[float, float], ...]


def fan(law: FittedLaw, card: Card, preferred: Purchase) -> Fan | None:
    """Along the preferred lever, if the card has it, or that of its largest gain."""
    levers = [x for x in card.levers if x.lever != "weights"]
    if not levers:
        return None
    lever = max(levers, key=lambda x: (x.lever == preferred, x.gain))
    axis = AXES[lever.lever]
    measured = []
    for setting, error in zip(law.cells.settings, law.cells.errors.tolist(), strict=True):
        amount = float(setting[axis] or 0)
        same = times(card.at, lever.lever, amount / lever.start, lever.with_compute)
        if amount and np.allclose(_numbers(same), _numbers(setting), rtol=0.01):
            measured.append((amount, 1 - error))
    least = min([lever.start / 2, *(amount for amount, _ in measured)])
    factors = np.geomspace(least / lever.start, AHEAD, STEPS)
    places = [times(card.at, lever.lever, f, lever.with_compute) for f in factors.tolist()]
    scores = 1 - law.errors(places)
    low, high = np.quantile(scores, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return Fan(lever, factors * lever.start, scores.mean(axis=0), low, high, tuple(measured))


def _numbers(setting: tuple[float | None, ...]) -> list[float]:
    return [float(value or 0) for value in setting]
