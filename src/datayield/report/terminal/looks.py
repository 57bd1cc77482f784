"""One line for each look of `run --until decided`."""

from datayield.analysis.levers import Answer
from datayield.analysis.text.recommendation import advice, odds_words
from datayield.store.format import duration


def look_words(answer: Answer, seconds: float, pending: int, decided: bool) -> str:
    """ "after 2 min, 34 pending: decided", or why it is not."""
    told = f"{advice(answer)}. {odds_words(answer)}" if answer.levers else advice(answer)
    if answer.recommendation.lever != "inconclusive":
        told = f"{advice(answer)} so far; one run of every setting comes first"
    return f"after {duration(seconds)}, {pending} pending: {'decided' if decided else told}"
