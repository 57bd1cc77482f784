"""The line of a look: decided, what is likely so far, or why nothing is."""

from dataclasses import replace

from datayield.report.terminal.looks import look_words
from tests.analysis.text.test_recommendation import CARD, answered


def test_what_is_clear_before_one_run_of_every_setting_is_not_called_decided() -> None:
    of = answered(CARD)
    assert look_words(of, 120.0, 34, True) == "after 2 min, 34 pending: decided"
    assert look_words(of, 120.0, 34, False) == (
        "after 2 min, 34 pending: Collect more images so far; one run of every setting comes first"
    )


def test_an_open_look_says_why() -> None:
    choice = replace(CARD.recommendation, lever="inconclusive", probability=0.6)
    of = replace(answered(CARD), recommendation=choice)
    assert "are needed to recommend it" in look_words(of, 1.0, 3, False)
