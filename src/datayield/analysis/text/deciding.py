"""The runs that would decide what is open, as a person would say it: what, how long, what for."""

from collections.abc import Sequence

from datayield.analysis.evidence import Setting
from datayield.analysis.format import join, plural, points
from datayield.analysis.levers import LEAST_RISE, SURE, Answer, Card, Experiment
from datayield.analysis.text.recommendation import TENTH, card_name, percent_of, setting
from datayield.spec.run import short_number
from datayield.store.format import duration


def would_decide(of: Answer) -> list[str]:
    """The runs that would raise the odds, one a line; where none would, what is at stake."""
    if len(of.judged) != 1:
        return deciding_runs(of.cards) or _stake(of)
    (card,) = of.judged
    return [experiment(each, card.at) for each in card.would_decide] or _stake(of)


def _stake(of: Answer) -> list[str]:
    choice = of.recommendation
    if choice.lever != "inconclusive" or choice.probability >= SURE or not of.levers:
        return []
    nothing = (
        "one to three runs at half to four times any of these amounts would raise the odds by "
        f"less than {100 * LEAST_RISE:g} percentage points"
    )
    if any(card.recommendation.lever != "inconclusive" for card in of.judged):
        nothing = "tasks and methods disagree, so look at the answer of each"
    if choice.regret is None:
        return [nothing]
    what = "to stop" if choice.likely == "stop" else "the best guess"
    less = "under 0.1" if choice.regret < TENTH else points(choice.regret).lstrip("+")
    return [f"{nothing}; on average {what} brings {less} points less than the best choice"]


def experiment(each: Experiment, at: Setting) -> str:
    """ "3 runs at 32k images, 640k presented (about 2 h): ... of the best choice to 91%"."""
    if each.test_images is not None:
        return (
            f"{each.test_images:,} test images: the draw of the existing ones makes up "
            f"{percent_of(each.item_share)} of the variance of the gain, so further seeds would "
            "hardly narrow its interval"
        )
    runs = plural(each.runs, "run")
    time = "" if each.hours is None else f" (about {duration(3600 * each.hours)})"
    same = "more " if each.setting == at else ""
    what = f"{runs.replace(' ', f' {same}', 1)} at {setting(each.setting)}{time}"
    if more := _not_here(each.setting, at):
        what += f", which takes {join(more)}"
    if each.odds is None:
        why = "to estimate the noise" if each.setting == at else "no such run has been measured"
        return f"{what}: {why}"
    return f"{what}: expected to raise the odds of the best choice to {percent_of(each.odds)}"


def _not_here(wanted: Setting, at: Setting) -> list[str]:
    """What a run takes that none had so far: "1.8k more images"."""
    amounts = ((wanted.images, at.images, "images"), (wanted.labels, at.labels, "labels"))
    return [
        f"{short_number(new - old)} more {name}"
        for new, old, name in amounts
        if new is not None and old is not None and new > old
    ]


def deciding_runs(cards: Sequence[Card]) -> list[str]:
    """The cheapest deciding runs of each card, those that most cards share first."""
    shared: dict[tuple[Setting, int, int | None], list[tuple[Card, Experiment]]] = {}
    for card in cards:
        for each in card.would_decide[:1]:
            key = each.setting, each.runs, each.test_images
            shared.setdefault(key, []).append((card, each))
    lines = []
    for (at, runs, test_images), of in sorted(shared.items(), key=lambda item: -len(item[1])):
        card, each = of[0]
        alone = f"{card_name(card)}: {experiment(each, card.at)}"
        what = f"{plural(runs, 'run')} at {setting(at)}"
        if test_images is not None:
            what = f"{test_images:,} test images, more than further seeds"
        many = f"{what}, for {len(of)} tasks and methods"
        lines.append(alone if len(of) == 1 else many)
    return lines
