"""Whether pretraining on one's own images beats published weights, in a sentence."""

from datayield.analysis.format import percent, points, span
from datayield.analysis.levers import LEVEL, SURE, Answer, Card, Lever


def weights_lever(of: Answer | Card) -> Lever | None:
    """The lever of published weights, if there are any."""
    return next((each for each in of.levers if each.lever == "weights"), None)


def published_words(of: Answer | Card, odds: str) -> str:
    """Which of the two is better, by how much, and the odds; "" where none were measured.

    `odds`: the probability that the published weights are better, as a person says it.
    """
    lever = weights_lever(of)
    if lever is None:
        return ""
    name = f"the published weights ({lever.name})" if lever.name else "the best published weights"
    alone = isinstance(of, Card) or len(of.cards) == 1
    scores = f"; {percent(lever.to)} against {percent(lever.start)}" if alone else ""
    theirs = f"{points(lever.gain)} points ({LEVEL:.0%} interval {span(lever.low, lever.high)}"
    better = f"the odds that they are better: {odds}"
    if lever.doubt:
        return (
            f"Inconclusive whether {name} are better than pretraining on your own images, since "
            f"{lever.doubt}: {theirs}{scores}); {better}."
        )
    if lever.ahead >= SURE:
        return f"Use {name}: {theirs}{scores}) over pretraining on your own images; {better}."
    if lever.ahead <= 1 - SURE:
        return (
            f"Pretraining on your own images beats {name}, which bring {theirs}{scores}); {better}."
        )
    return (
        f"Inconclusive whether {name} are better than pretraining on your own images: "
        f"{theirs}{scores}); {better}."
    )
