"""The contract of `datayield answer --json`: scores and gains in points, odds from 0 to 1."""

from typing import Any

from datayield.analysis.evidence import Setting
from datayield.analysis.levers import (
    Answer,
    Card,
    Experiment,
    FittedScore,
    ForecastPoint,
    Lever,
    Recommendation,
)
from datayield.analysis.text.back_test import back_test_words
from datayield.analysis.text.best_plan import plan_advice
from datayield.analysis.text.deciding import experiment
from datayield.analysis.text.recommendation import reason

SCHEMA_VERSION = 1


def answer_json(answer: Answer) -> dict[str, Any]:
    """The contract of `datayield answer --json`: scores and gains in points, odds from 0 to 1.

    `forecasts` and `would_decide` hold those of all cards, each with its task and method.
    """
    cards = [_card_json(card, answer) for card in answer.cards]
    whole: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "recommendation": _recommendation(answer.recommendation, reason(answer)),
        "levers": [_lever_json(lever) for lever in answer.levers],
        "currency": answer.prices.currency,
        "best_plan": _plan_json(answer),
    }
    for key in ("forecasts", "would_decide"):
        whole[key] = [
            {"task": card["task"], "method": card["method"], **each}
            for card in cards
            for each in card[key]
        ]
    whole["back_test"] = _back_test_json(answer)
    return whole | {"cards": cards, "notes": list(answer.notes)}


def _card_json(card: Card, answer: Answer) -> dict[str, Any]:
    return {
        "task": card.task,
        "method": card.method,
        "at": card.at._asdict(),
        "score": None if card.score is None else _score_json(card.score),
        "recommendation": _recommendation(card.recommendation, reason(card)),
        "levers": [_lever_json(lever) for lever in card.levers],
        "forecasts": [_forecast_json(each) for each in card.forecasts],
        "would_decide": [_experiment_json(each, card.at) for each in card.would_decide],
        "unvaried": list(card.unvaried),
    }


def _back_test_json(answer: Answer) -> dict[str, Any]:
    made = answer.back_test
    return {
        "forecasts": [
            {
                "hidden": each.lever,
                "setting": each.setting._asdict(),
                "predicted": _points(each.predicted),
                "measured": _points(each.measured),
            }
            for each in made.forecasts
        ],
        "decisions": [
            {
                "task": each.task,
                "method": each.method,
                "at": each.at._asdict(),
                "choice": each.choice,
                "probability": round(each.odds, 4),
                "gains": {name: _points(gain) for name, gain in each.gains.items()},
                "regret": _points(each.regret(each.choice)),
                "right": each.right,
            }
            for each in made.decisions
        ],
        "summary": " ".join(back_test_words(made)),
    }


def _recommendation(choice: Recommendation, why: str) -> dict[str, Any]:
    return {
        "lever": choice.lever,
        "probability": round(choice.probability, 4),
        "nothing_worth_it": round(choice.none, 4),
        "regret": None if choice.regret is None else _points(choice.regret),
        "reason": why,
    }


def _lever_json(lever: Lever) -> dict[str, Any]:
    return {
        "lever": lever.lever,
        "from": lever.start if lever.lever != "weights" else _points(lever.start),
        "to": lever.to if lever.lever != "weights" else _points(lever.to),
        "gain": _points(lever.gain),
        "low": _points(lever.low),
        "high": _points(lever.high),
        "cost": lever.cost,
        "probability": round(lever.probability, 4),
        "with_compute": lever.with_compute,
        "doubt": lever.doubt,
        **({"name": lever.name, "better": round(lever.ahead, 4)} if lever.name else {}),
        "equal_compute": None if lever.equal_compute is None else _gain_json(lever.equal_compute),
    }


def _plan_json(answer: Answer) -> dict[str, Any] | None:
    """The best plan for a sum of money; null where none was named."""
    plan = answer.best_plan
    if plan is None:
        return None
    told: dict[str, Any] = {
        "spend": plan.spend,
        "what": plan_advice(plan, answer.prices),
        "not_considered": list(plan.left_out),
        "tasks_and_methods": plan.worlds,
    }
    found = plan.found
    if found is None:
        return told | {"buy": None}
    gain, over = found.gain, found.over_single
    return told | {
        "buy": [each._asdict() for each in found.bought],
        "cost": found.cost,
        "setting": found.setting._asdict(),
        **_score_json(found.score),
        "gain": _gain_json(gain),
        "best_single": found.single,
        "over_best_single": _gain_json(over) | {"probability": found.odds},
        "at_the_limit": list(found.furthest),
    }


def _forecast_json(each: ForecastPoint) -> dict[str, Any]:
    return {"lever": each.lever, "to": each.to, **_score_json(each)}


def _score_json(of: FittedScore | ForecastPoint) -> dict[str, float]:
    return {"score": _points(of.score), "low": _points(of.low), "high": _points(of.high)}


def _experiment_json(each: Experiment, at: Setting) -> dict[str, Any]:
    return {
        "what": experiment(each, at),
        "setting": each.setting._asdict(),
        "runs": each.runs,
        "hours": each.hours,
        "probability": None if each.odds is None else round(each.odds, 4),
        "test_images": each.test_images,
    }


def _gain_json(of: FittedScore) -> dict[str, Any]:
    return {"gain": _points(of.score), "low": _points(of.low), "high": _points(of.high)}


def _points(share: float) -> float:
    return round(100 * share, 3)
