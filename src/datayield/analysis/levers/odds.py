"""Which lever is best, and how sure that is."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from datayield.analysis.levers.lever import LeverName, Pull
from datayield.analysis.model.law.forms import Floats

Purchase = LeverName | Literal["stop", "inconclusive"]
WORTH = 0.005  # smallest gain per doubling worth having: half a point
TIE = 0.001  # levers whose gains are this close are equally good
SURE = 0.9  # odds from which on something is recommended


class Odds(NamedTuple):
    """Probability of each lever to be the best one, and that none is worth having."""

    levers: tuple[float, ...]
    stop: float


def odds_of(pulls: Sequence[Pull]) -> Odds:
    """Of levers with samples of their gains.

    Where all have a cost, the best one brings most per unit of it.
    """
    best, none = winners(pulls)
    return Odds(tuple(best.mean(axis=0).tolist()), float(none.mean()))


def winners(pulls: Sequence[Pull]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """For each sample, whether each lever is (equally) best [SAMPLES, k], and whether none is."""
    gains = np.stack([pull.gains for pull in pulls], axis=1)
    none = gains.max(axis=1) < WORTH
    worth = np.where(gains >= WORTH, gains / _costs(pulls), 0.0)  # what is cheap must also help
    first = worth.max(axis=1, keepdims=True)
    close = worth >= first - TIE * first / np.maximum(gains.max(axis=1, keepdims=True), WORTH)
    return close & (gains >= WORTH), none


def chosen(pulls: Sequence[Pull], odds: Odds) -> tuple[Purchase, float, Purchase]:
    """What to do, the probability that it is right, and what is most likely right.

    Levers in doubt are not recommended, nor to stop where images or compute were not varied.
    """
    of: list[tuple[float, Purchase]] = [(odds.stop, "stop")]
    of += [(p, pull.lever) for p, pull in zip(odds.levers, pulls, strict=True)]
    probability, choice = max(of)
    doubted = any(pull.doubt for pull in pulls if choice in (pull.lever, "stop"))
    told = {pull.lever for pull in pulls}
    ladder = any(pull.with_compute for pull in pulls)  # one lever for both
    unknown = choice == "stop" and not ladder and not told >= {"images", "compute"}
    if probability < SURE or doubted or unknown:
        return "inconclusive", probability, choice
    return choice, probability, choice


def regret(pulls: Sequence[Pull], choice: Purchase) -> float | None:
    """How much more than `choice` the best choice brings on average; None where costs decide."""
    if not np.array_equal(costs := _costs(pulls), np.ones(len(costs))):
        return None
    gains: dict[Purchase, Floats] = {pull.lever: pull.gains for pull in pulls}
    best = np.maximum(np.stack([*gains.values()]).max(axis=0), 0.0)
    return float((best - gains.get(choice, np.zeros(len(best)))).mean())  # to stop brings nothing


def _costs(pulls: Sequence[Pull]) -> Floats:
    """What gains are divided by: costs where all are known and above 0, else 1."""
    known = [pull.cost for pull in pulls if pull.lever != "weights"]
    if not known or any(not cost for cost in known):
        return np.ones(len(pulls))
    least = min(cost for cost in known if cost)
    return np.array([pull.cost or least for pull in pulls], float) / least
