"""The fan along a lever: through what was measured, around the truth, and wider ahead."""

import numpy as np

from datayield.analysis.levers import decide
from datayield.analysis.levers.fan import fan
from tests.analysis.levers.made import BUDGETS, compute_helps, evidence


def test_a_fan_surrounds_the_truth_and_opens() -> None:
    of = decide(evidence(compute_helps))
    made = fan(of.laws[0], of.cards[0], of.recommendation.likely)
    assert made is not None
    assert made.lever.lever == "compute"
    assert [amount for amount, _ in made.measured] == list(BUDGETS)
    truth = np.array([1 - compute_helps(1000, c) for c in made.amounts.tolist()])
    inside = (made.low - 0.003 <= truth) & (truth <= made.high + 0.003)
    assert inside.all()
    width = made.high - made.low
    assert made.amounts[-1] == 4 * BUDGETS[-1]
    assert width[-1] > 2 * width[len(width) // 2]


def test_a_fan_takes_the_largest_gain_where_nothing_is_preferred() -> None:
    of = decide(evidence(compute_helps))
    made = fan(of.laws[0], of.cards[0], "inconclusive")
    assert made is not None
    assert made.lever.lever == "compute"
