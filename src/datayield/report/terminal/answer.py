"""The answer for a terminal of 80 columns."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from datayield.analysis.format import percent, points, span
from datayield.analysis.levers import (
    Answer,
    Card,
    Lever,
)
from datayield.analysis.text.back_test import back_test_words
from datayield.analysis.text.best_plan import plan_advice, plan_reasons
from datayield.analysis.text.deciding import would_decide
from datayield.analysis.text.recommendation import (
    advice,
    card_name,
    cost,
    forecast_words,
    percent_of,
    published_of_cards,
    reason,
    unjudged,
    where,
)
from datayield.spec.run import short_number

UNITS = "Points: percentage points. Compute: images presented in training, with repeats."
CARDS = 16  # lines, at most; --json has all
DECISIVE = 3


def show_answer(console: Console, answer: Answer) -> None:
    """What to do and why; the levers; what would decide; each task and method; how it was read."""
    _say(console, Text(f"{advice(answer)}.", style="bold"))
    _say(console, Text(reason(answer)))
    if answer.levers:
        console.print()
        console.print(_levers(answer.levers, answer))
        _say(console, Text(UNITS, style="dim"))
    if answer.best_plan is not None:
        console.print()
        _say(console, Text(f"{plan_advice(answer.best_plan, answer.prices)}.", style="bold"))
        for line in plan_reasons(answer.best_plan, answer.prices):
            _say(console, Text(line))
    if len(answer.judged) == 1:
        _show_card(console, answer.judged[0])
        _list(console, "What would decide it", would_decide(answer))
    elif answer.judged:
        console.print()
        console.print(_cards(answer.judged))
        _list(console, "Against published weights", published_of_cards(answer)[:CARDS])
        _list(console, "What would decide it", _decisive(answer))
    if answer.levers and (left := unjudged(answer)):
        console.print()
        _say(console, Text(left))
    _list(console, "Back-test", back_test_words(answer.back_test))
    _list(console, "How the table was read", answer.notes)


def _show_card(console: Console, card: Card) -> None:
    console.print()
    _say(console, Text(where(card)))
    _list(console, "Forecasts", forecast_words(card))


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
    one = len(answer.judged) == 1
    for name in ("from", "to") if one else ():
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("points", "90% interval", "odds"):
        table.add_column(name, justify="right", no_wrap=True)
    priced = any(cost(lever, answer.prices) for lever in levers)
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
    nothing = "none of these", *[""] * (4 if one else 2), percent_of(answer.recommendation.none)
    table.add_row(*nothing)
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
        odds = percent_of(card.recommendation.probability)
        said = card.recommendation.lever
        table.add_row(card_name(card), said, odds, *(gains.get(name, "") for name in names))
    if len(cards) > CARDS:
        table.add_row(f"{len(cards) - CARDS} more, in --json")
    return table


def _decisive(answer: Answer) -> list[str]:
    lines = would_decide(answer)
    if len(lines) > DECISIVE:
        lines[DECISIVE:] = [f"{len(lines) - DECISIVE} more settings, in --json"]
    return lines
