"""The recommendation as a person would say it: what to do, how sure that is, and why."""

from datayield.analysis.evidence import Setting
from datayield.analysis.format import count, join, percent, plural, points, span
from datayield.analysis.levers import (
    SURE,
    WORTH,
    Answer,
    Card,
    Experiment,
    Lever,
    LeverName,
    Prices,
    Purchase,
)
from datayield.spec.run import short_number
from datayield.store.format import duration

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
    """One sentence: "Train longer." or "Inconclusive: train longer is most likely best."."""
    choice, likely = of.recommendation.lever, of.recommendation.likely
    if choice != "inconclusive" or not of.levers:
        return DO[choice]
    if likely == "stop":
        return f"{DO[choice]}; most likely nothing measured here is worth more"
    return f"{DO[choice]}; the best guess is to {DO[likely][0].lower()}{DO[likely][1:]}"


def reason(of: Answer | Card) -> str:
    """Why: every lever with its gain and interval, and the odds, in one or two sentences."""
    if not of.levers:
        return _nothing(of)
    gains = join([_gain(each) for each in of.levers])
    return f"{gains[0].upper()}{gains[1:]} ({_kind(of)}). {_odds(of)}"


def experiment(each: Experiment, at: Setting) -> str:
    """ "3 runs with 32k images, 640k presented (2.1 h): the odds of a clear answer rise to 91%"."""
    runs = plural(each.runs, "run")
    time = "" if each.hours is None else f" (about {_hours(each.hours)})"
    same = "more " if each.setting == at else ""
    what = f"{runs.replace(' ', f' {same}', 1)} at {setting(each.setting)}{time}"
    if each.odds is None:
        return f"{what}: nothing like it was measured yet"
    return f"{what}: odds of the best choice then {percent_of(each.odds)}"


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
    return "" if lever.cost is None else f"{count(lever.cost)} {prices.currency}"


def percent_of(odds: float) -> str:
    """Odds as a person says them: never 0% or 100%."""
    if odds > 0.99:
        return "over 99%"
    if odds < 0.01:
        return "under 1%"
    return f"{100 * odds:.0f}%"


def _gain(lever: Lever) -> str:
    along = " at the same passes over each" if lever.with_compute else ""
    if lever.lever == "weights":
        return f"published weights {points(lever.gain)} points ({span(lever.low, lever.high)})"
    name = f"{TWICE[lever.lever]}{along}"
    return f"{name} {points(lever.gain)} points ({span(lever.low, lever.high)})"


def _kind(of: Answer | Card) -> str:
    if isinstance(of, Answer) and len(of.cards) > 1:
        return f"mean of {len(of.cards)} tasks and methods; 90% intervals"
    return "90% intervals"


def _odds(of: Answer | Card) -> str:
    choice, odds = of.recommendation, percent_of(of.recommendation.probability)
    if choice.lever == "stop":
        return f"The odds that none of them brings {100 * WORTH:g} points: {odds}."
    if choice.lever != "inconclusive":
        return f"The odds that this is the best of them: {odds}."
    if choice.probability < SURE:
        what = "that nothing is worth half a point" if choice.likely == "stop" else "for that"
        return f"The odds {what} are {odds}; {SURE:.0%} are needed to recommend it."
    doubts = [x.doubt for x in of.levers if x.doubt and choice.likely in (x.lever, "stop")]
    if doubts:
        return f"Not recommended, since {doubts[0]}."
    varied = {each.lever for each in of.levers}
    missing = join([name for name in ("images", "compute") if name not in varied])
    return f"What more {missing} would bring is unknown: no run varies it."


def _nothing(of: Answer | Card) -> str:
    if isinstance(of, Answer) and not of.cards:
        return "There is no score of a pretrained model."
    return (
        "No two runs of one task and method differ in images, compute, labels or views alone, so "
        "nothing tells what more of them brings."
    )


def _hours(hours: float) -> str:
    return duration(3600 * hours)


def forecast_words(card: Card) -> list[str]:
    """ "twice the images: 52.4% (51.0 to 53.9)" for each forecast."""
    words = []
    for each in card.forecasts:
        lever = next(x for x in card.levers if x.lever == each.lever)
        factor = round(each.to / lever.start)
        what = TWICE[each.lever].removeprefix("twice the ")
        words.append(
            f"{factor} times the {what} ({short_number(round(each.to))}): {percent(each.score)} "
            f"({100 * each.low:.1f} to {100 * each.high:.1f})"
        )
    return words
