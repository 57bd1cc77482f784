"""The recommendation as a person would say it: what to do, how sure that is, and why."""

from datayield.analysis.evidence import Setting
from datayield.analysis.format import count, join, percent, points, span
from datayield.analysis.levers import (
    SURE,
    USELESS,
    WORTH,
    Answer,
    Card,
    Lever,
    LeverName,
    Prices,
    Purchase,
)
from datayield.analysis.text.published import published_words, weights_lever
from datayield.spec.run import short_number

TENTH = 0.001  # a tenth of a point
DO: dict[Purchase, str] = {
    "images": "Collect more images",
    "compute": "Train longer",
    "labels": "Label more images",
    "views": "Use more views of each image",
    "weights": "Use published weights",
    "stop": "Stop here",
    "inconclusive": "Inconclusive",
}
TWICE: dict[LeverName, str] = {
    "images": "twice the images",
    "compute": "twice the compute",
    "labels": "twice the labels",
    "views": "twice the views",
    "weights": "published weights",
}


def advice(of: Answer | Card) -> str:
    """ "Train longer" or "Inconclusive; the best guess is to train longer"."""
    choice, likely = of.recommendation.lever, of.recommendation.likely
    weights = weights_lever(of)
    if choice == "weights" and weights is not None and weights.name:
        return f"Use the published weights ({weights.name})"
    if not of.levers and choice == "inconclusive":
        asked = isinstance(of, Card) or bool(of.cards)
        return "What to buy next was not asked" if asked else "No answer yet"
    if choice != "inconclusive":
        return DO[choice]
    if _brings_nothing(of):
        return f"{DO[choice]}: pretraining does not clearly beat an untrained encoder here"
    if likely == "stop":
        return f"{DO[choice]}; most likely nothing here is worth buying more of"
    return f"{DO[choice]}; the best guess is to {DO[likely][0].lower()}{DO[likely][1:]}"


def _brings_nothing(of: Answer | Card) -> bool:
    """Whether nothing is worth buying, as far as pretraining that brings nothing can tell."""
    choice = of.recommendation
    held = choice.lever == "inconclusive" and choice.likely == "stop"
    useless = any(each.doubt == USELESS for each in of.levers)
    return held and choice.probability >= SURE and useless


def reason(of: Answer | Card) -> str:
    """Why: every lever with its gain and interval, and the odds, in one or two sentences."""
    if not of.levers:
        return _nothing(of)
    doubled = [_gain(each) for each in of.levers if each.lever != "weights"]
    said = [f"Expected gain from a doubling: {join(doubled)} ({_kind(of)})."] if doubled else []
    parts = [*said, published_sentence(of), odds_words(of), visible_words(of)]
    return " ".join(part for part in parts if part)


def published_sentence(of: Answer | Card) -> str:
    """Whether pretraining beats published weights; "" where none were measured."""
    weights = weights_lever(of)
    return "" if weights is None else published_words(of, percent_of(weights.ahead))


def published_of_cards(answer: Answer) -> list[str]:
    """That sentence for each task and method, where there are several."""
    if len(answer.cards) < 2:
        return []
    told = [(card_name(card), published_sentence(card)) for card in answer.cards]
    return [f"{name}: {sentence}" for name, sentence in told if sentence]


def setting(of: Setting) -> str:
    """ "100k images, 2M presented, 500 labels"."""
    parts = [] if of.images is None else [f"{short_number(of.images)} images"]
    if of.presented is not None:
        parts.append(f"{short_number(round(of.presented))} presented")
    if of.labels is not None:
        parts.append(f"{short_number(of.labels)} labels")
    if of.views is not None:
        parts.append(f"{of.views} views")
    return ", ".join(parts)


def cost(lever: Lever, prices: Prices) -> str:
    """ "2,000 EUR"; "" where no price is known."""
    if lever.cost is None or (prices.image, prices.hour, prices.label) == (None, None, None):
        return ""
    amount = count(lever.cost) if lever.cost >= 10 else f"{lever.cost:.2f}"
    return f"{amount} {prices.currency}".rstrip()


def percent_of(odds: float) -> str:
    """Odds as a person says them: never 0% or 100%."""
    if odds > 0.99:
        return "over 99%"
    if odds < 0.01:
        return "under 1%"
    return f"{100 * odds:.0f}%"


def visible_words(of: Answer | Card) -> str:
    """What the runs could see, and with more seeds or test images; "" where that does not matter.

    Of an answer over several cards, the one in the middle of those that are not decided.
    """
    if of.recommendation.lever != "inconclusive" or of.recommendation.probability >= SURE:
        return ""
    cards = [of] if isinstance(of, Card) else of.cards
    told = sorted(card.visible for card in cards if card.visible is not None)
    if not told:
        return ""
    middle = told[len(told) // 2]
    alone = "" if len(cards) == 1 else "For a single task and method, "
    words = f"{alone}{'T' if not alone else 't'}hese runs can show gains of about "
    words += f"{_tenths(middle.gain)} points per doubling"
    named = ((middle.with_seeds, "seeds"), (middle.with_items, "test images"))
    options = [f"{more[0]:,} {name} to show {_tenths(more[1])}" for more, name in named if more]
    return f"{words}; it would take {' or '.join(options)}." if options else f"{words}."


def _tenths(gain: float) -> str:
    return f"{100 * gain:.1f}" if gain < 0.0995 else f"{100 * gain:.0f}"


def _gain(lever: Lever) -> str:
    """ "images +1.7 points (+1.1 to +2.3)"."""
    along = " at the same number of epochs" if lever.with_compute else ""
    gain = f"{points(lever.gain)} points ({span(lever.low, lever.high)}"
    if lever.equal_compute is not None:
        even = lever.equal_compute
        gain += f"; at equal compute {points(even.score)}, {span(even.low, even.high)}"
    return f"{lever.lever}{along} {gain})"


def _kind(of: Answer | Card) -> str:
    if isinstance(of, Answer) and len(of.judged) > 1:
        return f"mean of {len(of.judged)} tasks and methods; 90% intervals"
    return "90% intervals"


def odds_words(of: Answer | Card) -> str:
    """How sure the recommendation is; of an inconclusive one, why nothing is recommended."""
    choice, odds = of.recommendation, percent_of(of.recommendation.probability)
    if choice.lever == "stop":
        return f"The odds that none of them brings {100 * WORTH:g} points: {odds}."
    if choice.lever != "inconclusive":
        return f"The odds that this is the best of them: {odds}."
    if choice.probability < SURE:
        what = "that nothing is worth half a point" if choice.likely == "stop" else "for that"
        return f"The odds {what} are {odds}; {SURE:.0%} are needed to recommend it."
    if _brings_nothing(of):
        return (
            f"The odds that none of them brings {100 * WORTH:g} points are {odds}, but that says "
            "little of pretraining that works: try larger images, a larger encoder or published "
            "weights."
        )
    doubts = [x.doubt for x in of.levers if x.doubt and choice.likely in (x.lever, "stop")]
    if doubts:
        return f"Not recommended, since {doubts[0]}."
    varied = {each.lever for each in of.levers}
    missing = join([name for name in ("images", "compute") if name not in varied])
    return f"The gain from more {missing} is unknown: no run varies it."


def _nothing(of: Answer | Card) -> str:
    if isinstance(of, Answer) and not of.cards:
        return "No pretrained model has a score yet."
    return (
        "No two runs of the same task and method differ only in images, compute, labels or views, "
        "so no gain can be estimated."
    )


def forecast_words(card: Card) -> list[str]:
    """ "2 times the images (80k): 52.4% (51.0 to 53.9)" for each forecast."""
    words = []
    for each in card.forecasts:
        lever = next(x for x in card.levers if x.lever == each.lever)
        factor = round(each.to / lever.start)
        words.append(
            f"{factor} times the {each.lever} ({short_number(round(each.to))}): "
            f"{percent(each.score)} ({100 * each.low:.1f} to {100 * each.high:.1f})"
        )
    return words


def where(card: Card) -> str:
    """ "At 2k images, 200k presented: 50.5% by the fitted law (49.3 to 51.8), ..."."""
    if card.score is None:
        return f"At {setting(card.at)}."
    low, high = 100 * card.score.low, 100 * card.score.high
    told = f"{percent(card.score.score)} by the fitted law ({low:.1f} to {high:.1f})"
    beside = "" if card.untrained is None else f", {percent(card.untrained)} without pretraining"
    return f"At {setting(card.at)}: {told}{beside}."


def unjudged(of: Answer) -> str:
    """That some tasks and methods were measured too little to be judged; "" where none was."""
    left = len(of.cards) - len(of.judged)
    if not left:
        return ""
    which = "further task or method was" if left == 1 else "further tasks and methods were"
    return f"{left} {which} measured at a single setting, so no gain can be estimated."


def card_name(card: Card) -> str:
    """ "flowers, SimCLR"; "all rows" where neither is named."""
    return ", ".join(part for part in (card.task, card.method) if part) or "all rows"
