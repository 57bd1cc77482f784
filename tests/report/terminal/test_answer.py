"""The card fits a terminal of 80 columns, with one card or with many."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from datayield.analysis.evidence.tables import evidence_of_table
from datayield.analysis.levers import Prices, decide
from datayield.report.terminal.answer import CARDS, show_answer
from datayield.report.terminal.answer_json import answer_json
from datayield.spec.study import published_tables


@pytest.mark.parametrize("name", ["hammoud2024-architectures", "hammoud2024-shift"])
def test_the_card_fits_and_is_short(name: str) -> None:
    answer = decide(evidence_of_table(published_tables()[name]), None, Prices(image=0.01))
    console = Console(file=io.StringIO(), width=80)
    show_answer(console, answer)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert max(map(len, lines)) <= 80
    assert len(lines) <= CARDS + 30
    assert ("20 more, in --json" in console.file.getvalue()) == (len(answer.cards) > CARDS)  # type: ignore[attr-defined]
    told = answer_json(answer)
    assert len(told["cards"]) == len(answer.cards)
    assert {each["task"] for each in told["forecasts"]} == {card.task for card in answer.cards}
    assert told["levers"][0]["cost"] == pytest.approx(12_810)
    gain = 100 * answer.levers[0].gain
    assert told["levers"][0]["gain"] == pytest.approx(gain, abs=0.001)


def test_costs_have_a_column_where_prices_are_stated() -> None:
    table = published_tables()["hammoud2024-shift"]
    for prices, shown in ((Prices(), False), (Prices(image=0.01), True)):
        console = Console(file=io.StringIO(), width=80)
        show_answer(console, decide(evidence_of_table(table), None, prices))
        assert ("cost" in console.file.getvalue()) == shown  # type: ignore[attr-defined]


def test_what_costs_nothing_needs_no_column() -> None:
    answer = decide(evidence_of_table(published_tables()["hammoud2024-shift"]), None, Prices())
    free = tuple(replace(lever, cost=0.0) for lever in answer.levers)
    console = Console(file=io.StringIO(), width=80)
    show_answer(console, replace(answer, levers=free))
    assert "cost" not in console.file.getvalue()  # type: ignore[attr-defined]
