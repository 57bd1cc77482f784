"""How much hangs on a choice, and what is said where no further run would change it."""

import numpy as np
import pytest

from datayield.analysis.evidence import Setting
from datayield.analysis.levers import Answer, Card, Prices, Recommendation
from datayield.analysis.levers.lever import Lever, LeverName, Pull
from datayield.analysis.levers.odds import Purchase, regret
from datayield.analysis.text.deciding import would_decide

GAINS = {"images": [0.00, 0.02, -0.01, 0.04], "compute": [0.01, 0.01, -0.02, 0.01]}


def pulled(**cost: float) -> list[Pull]:
    return [
        Pull(name, None, 1.0, 2.0, np.array(gains), cost.get(name), "")  # type: ignore[arg-type]
        for name, gains in GAINS.items()
    ]


@pytest.mark.parametrize(
    ("choice", "less"),
    [("images", (0.01 + 0 + 0.01 + 0) / 4), ("compute", (0 + 0.01 + 0.02 + 0.03) / 4),
     ("stop", (0.01 + 0.02 + 0 + 0.04) / 4)],
)  # fmt: skip
def test_regret_is_what_the_best_of_each_sample_brings_more(choice: Purchase, less: float) -> None:
    assert regret(pulled(), choice) == pytest.approx(less)


def test_where_costs_decide_gains_alone_are_no_regret() -> None:
    assert regret(pulled(images=1.0, compute=1.0), "images") is not None
    assert regret(pulled(images=1.0, compute=2.0), "images") is None


def lever(name: LeverName) -> Lever:
    return Lever(name, 1, 2, 0.01, 0.0, 0.02, None, 0.5)


@pytest.mark.parametrize(
    ("less", "said"),
    [(0.0002, "under 0.1 points less"), (0.004, "the best guess brings 0.4 points less"),
     (None, "2 percentage points")],
)  # fmt: skip
def test_an_open_answer_that_no_run_would_decide_says_what_is_at_stake(
    less: float | None, said: str
) -> None:
    choice = Recommendation("inconclusive", 0.8, "images", less)
    card = Card("task", "simclr", Setting(1, 1.0, None, None), None, choice, (lever("images"),))
    (line,) = would_decide(Answer(choice, card.levers, (card,), Prices()))
    assert said in line
    assert len(would_decide(Answer(choice, card.levers, (card, card), Prices()))) == 1
    made = Recommendation("images", 0.95, "images", less)
    assert would_decide(Answer(made, card.levers, (card,), Prices())) == []


def test_tasks_that_disagree_are_said_to() -> None:
    choice = Recommendation("inconclusive", 0.6, "images", 0.002)
    at = Setting(1, 1.0, None, None)
    sure = [Recommendation(name, 0.95, name) for name in ("images", "compute")]
    cards = tuple(Card("task", str(k), at, None, c, (lever("images"),)) for k, c in enumerate(sure))
    (line,) = would_decide(Answer(choice, cards[0].levers, cards, Prices()))
    assert line.startswith("tasks and methods disagree")
    assert "0.2 points less" in line
