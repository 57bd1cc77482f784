"""One line for each look of `run --until decided`."""

from datayield.analysis.levers import Answer
from datayield.analysis.text.recommendation import advice, percent_of
from datayield.store.format import duration


def look_words(answer: Answer, seconds: float, pending: int) -> str:
    """ "after 2 min, 34 pending: Train longer (odds 97%)"."""
    odds = percent_of(answer.recommendation.probability)
    return f"after {duration(seconds)}, {pending} pending: {advice(answer)} (odds {odds})"
