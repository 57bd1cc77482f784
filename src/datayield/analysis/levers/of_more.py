"""What so many more images or labels, drawn at random, bring to one task, by its laws."""

import math
from typing import Literal, NamedTuple

import numpy as np

from datayield.analysis.levers.card import Answer
from datayield.analysis.levers.lever import (
    AXES,
    FittedScore,
    fitted,
    one_ladder,
    over_items_of,
    times,
    varied,
)
from datayield.analysis.levers.market import FURTHEST
from datayield.analysis.model.law.forms import Floats


class GainOfMore(NamedTuple):
    """From `start` to `to` images or labels: the gain in score, as a share, with a 90% interval.

    `gain` is None where the runs do not tell, for the reason `why`; `doubt`: why not to rely on it.
    """

    lever: Literal["images", "labels"]
    start: int
    to: int
    gain: FittedScore | None
    why: str = ""
    doubt: str = ""


def gain_of_more(
    answer: Answer, task: str, lever: Literal["images", "labels"], start: int, more: int
) -> GainOfMore:
    """The mean gain over the laws of a task, from the `start` images or labels that there are."""
    to, gains, doubts = start + more, list[Floats](), list[str]()
    beyond = False
    rng = np.random.Generator(np.random.PCG64(5))
    for card, law, pulls in zip(answer.cards, answer.laws, answer.pulls, strict=True):
        values = varied(law.cells).get(lever)
        if card.task != task or card.few or values is None:
            continue
        if to > FURTHEST * values[-1]:
            beyond = True
            continue
        most = float(card.at[AXES[lever]] or 1)
        ladder = one_ladder(law.cells)
        here, there = (times(card.at, lever, n / most, ladder) for n in (start, to))
        errors = law.errors([here, there])
        items = over_items_of(law, lever, errors[:, 0]) * math.log2(to / start)
        gains.append((errors[:, 0] - errors[:, 1] + items)[rng.permutation(len(errors))])
        doubts += [pull.doubt for pull in pulls if pull.lever == lever and pull.doubt]
    if not gains:
        why = f"the study does not vary the number of {lever}"
        if beyond:
            why = f"its law is not extrapolated beyond {FURTHEST:g} times the largest measured"
        return GainOfMore(lever, start, to, None, why)
    doubt = doubts[0] if 2 * len(doubts) > len(gains) else ""
    return GainOfMore(lever, start, to, fitted(np.mean(gains, axis=0)), "", doubt)
