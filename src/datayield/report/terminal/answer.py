"""The answer for a terminal of 80 columns, and as JSON: gains in points per doubling."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from datayield.analysis.evidence import Setting
from datayield.analysis.format import percent, points, span
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
from datayield.analysis.text.best_plan import plan_advice, plan_reasons
from datayield.analysis.text.recommendation import (
    advice,
    card_name,
    cost,
    deciding_runs,
    experiment,
    forecast_words,
    percent_of,
    reason,
    setting,
)
from datayield.spec.run import short_number

SCHEMA_VERSION = 1
CARDS = 16  # lines, at most; --json has all
DECISIVE = 3


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


def show_answer(console: Console, answer: Answer) -> None:
    """What to do and why; the levers; what would decide; each task and method; how it was read."""
    _say(console, Text(f"{advice(answer)}.", style="bold"))
    _say(console, Text(reason(answer)))
    if answer.levers:
        console.print()
        console.print(_levers(answer.levers, answer))
    if answer.best_plan is not None:
        console.print()
        _say(console, Text(f"{plan_advice(answer.best_plan, answer.prices)}.", style="bold"))
        for line in plan_reasons(answer.best_plan, answer.prices):
            _say(console, Text(line))
    if len(answer.cards) == 1:
        _show_card(console, answer.cards[0])
    elif answer.cards:
        console.print()
        console.print(_cards(answer.cards))
        _list(console, "What would decide", _decisive(answer.cards))
    _list(console, "Back-test", back_test_words(answer.back_test))
    _list(console, "How the table was read", answer.notes)


def _show_card(console: Console, card: Card) -> None:
    at = f"At {setting(card.at)}"
    if card.score is not None:
        low, high = 100 * card.score.low, 100 * card.score.high
        at += f"; score there {percent(card.score.score)} ({low:.1f} to {high:.1f})"
    console.print()
    _say(console, Text(f"{at}."))
    _list(console, "Forecasts", forecast_words(card))
    _list(console, "What would decide", [experiment(each, card.at) for each in card.would_decide])


def _say(console: Console, text: Text) -> None:
    console.print(text, highlight=False, soft_wrap=False)


def _list(console: Console, title: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    console.print()
    console.print(Text(f"{title}:"))
    grid = Table.grid(padding=(0, 1))
    for line in lines:
        grid.add_row("•", Text(line))
    console.print(grid, highlight=False)


def _levers(levers: Sequence[Lever], answer: Answer) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("twice the")
    one = len(answer.cards) == 1
    for name in ("from", "to") if one else ():
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("points", "90% interval", "odds"):
        table.add_column(name, justify="right", no_wrap=True)
    priced = any(lever.cost is not None for lever in levers)
    if priced:
        table.add_column("cost", justify="right", no_wrap=True)
    for lever in levers:
        name = "published weights" if lever.lever == "weights" else lever.lever
        cells = [name + (" and compute" if lever.with_compute else "")]
        if one:
            cells += [_amount(lever, lever.start), _amount(lever, lever.to)]
        odds = percent_of(lever.probability)
        cells += [points(lever.gain), span(lever.low, lever.high), odds]
        table.add_row(*cells, *([cost(lever, answer.prices)] if priced else []))
    return table


def _amount(lever: Lever, value: float) -> str:
    return percent(value) if lever.lever == "weights" else short_number(round(value))


def _cards(cards: Sequence[Card]) -> Table:
    """One line a card: what to do there, and the gain of each lever."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("task, method", overflow="fold")
    table.add_column("answer")
    table.add_column("odds", justify="right", no_wrap=True)
    names = list(dict.fromkeys(lever.lever for card in cards for lever in card.levers))
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for card in cards[:CARDS]:
        gains = {lever.lever: points(lever.gain) for lever in card.levers}
        odds = "" if card.few else percent_of(card.recommendation.probability)
        said = "too few settings" if card.few else card.recommendation.lever
        table.add_row(card_name(card), said, odds, *(gains.get(name, "") for name in names))
    if len(cards) > CARDS:
        table.add_row(f"{len(cards) - CARDS} more, in --json")
    return table


def _decisive(cards: Sequence[Card]) -> list[str]:
    lines = deciding_runs(cards)
    if len(lines) > DECISIVE:
        lines[DECISIVE:] = [f"{len(lines) - DECISIVE} more settings, in --json"]
    return lines


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
    return {"lever": choice.lever, "probability": round(choice.probability, 4), "reason": why}


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
    }


def _gain_json(of: FittedScore) -> dict[str, Any]:
    return {"gain": _points(of.score), "low": _points(of.low), "high": _points(of.high)}


def _points(share: float) -> float:
    return round(100 * share, 3)
