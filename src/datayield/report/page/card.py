"""The first screen: what to buy next, the levers with their gains and costs, what would decide."""

from typing import Any

from datayield.analysis.format import percent, points, span
from datayield.analysis.levers import WORTH, Answer, Card, Lever, Prices
from datayield.analysis.text.back_test import back_test_words
from datayield.analysis.text.best_plan import plan_advice, plan_reasons
from datayield.analysis.text.deciding import would_decide
from datayield.analysis.text.recommendation import (
    DO,
    TWICE,
    advice,
    cost,
    forecast_words,
    percent_of,
    published_of_cards,
    reason,
    setting,
    unjudged,
    where,
)

LEAST = 0.01  # half the width of the bars' scale, at least: a point


def first_screen(of: Answer) -> dict[str, Any]:
    """The recommendation over all cards, and a row for each card."""
    told = of.judged
    alone = told[0] if len(told) == 1 else None
    return {
        "advice": advice(of),
        "reason": reason(of),
        "sure": of.recommendation.lever != "inconclusive",
        "levers": _bars(of.levers, of.prices),
        "plan": None
        if of.best_plan is None
        else {
            "advice": plan_advice(of.best_plan, of.prices),
            "reasons": plan_reasons(of.best_plan, of.prices),
        },
        "at": setting(alone.at) if alone else "",
        "where": where(alone) if alone else "",
        "worth": f"{100 * WORTH:g}",
        "none": percent_of(of.recommendation.none),
        "forecasts": forecast_words(alone) if alone else [],
        "would_decide": _experiments(of),
        "published": published_of_cards(of),
        "cards": [_row(card) for card in told] if len(told) > 1 else [],
        "unjudged": unjudged(of),
        "checked": back_test_words(of.back_test),
        "notes": list(of.notes),
    }


def _bars(levers: tuple[Lever, ...], prices: Prices) -> list[dict[str, Any]]:
    """Each lever's interval on a common scale, in percent of its width."""
    reach = max([LEAST, *(abs(v) for x in levers for v in (x.low, x.high))])

    def place(gain: float) -> float:
        return round(50 + 48 * gain / reach, 2)

    return [
        {
            "name": TWICE[x.lever],
            "gain": points(x.gain),
            "span": span(x.low, x.high),
            "odds": percent_of(x.probability),
            "cost": cost(x, prices),
            "doubt": x.doubt,
            "low": place(x.low),
            "width": round(place(x.high) - place(x.low), 2),
            "mean": place(x.gain),
        }
        for x in sorted(levers, key=lambda x: -x.gain)
    ]


def _experiments(of: Answer) -> list[str]:
    """What would decide where the answer is inconclusive."""
    if of.recommendation.lever != "inconclusive":
        return []
    return would_decide(of)[:3]


def _row(card: Card) -> dict[str, Any]:
    gains = {x.lever: f"{points(x.gain)} ({span(x.low, x.high)})" for x in card.levers}
    return {
        "task": card.task,
        "method": card.method,
        "at": setting(card.at),
        "score": percent(card.score.score) if card.score else "–",
        "do": DO[card.recommendation.lever],
        "odds": percent_of(card.recommendation.probability),
        "gains": [(TWICE[lever], words) for lever, words in gains.items()],
        "forecasts": forecast_words(card),
    }
