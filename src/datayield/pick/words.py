"""What was picked, why, and what is expected of it, in plain sentences."""

from collections.abc import Iterator

from datayield.analysis.format import count, join, metric_name, percent, plural, points, span
from datayield.analysis.levers import GainOfMore
from datayield.pick.candidates import left_out_words
from datayield.pick.held_out import PickTest
from datayield.pick.pick import PickedImages
from datayield.pick.rules import PickRule
from datayield.pick.table import PickedRow

RULE_WORDS: dict[PickRule, str] = {
    "clusters": "one from each cluster of the pool, weighted by how unsure a classifier of the "
    "study's labels is",
    "near_target": "the nearest to each training image of the task in turn",
    "margin": "those a classifier of the study's labels is least sure of",
    "diverse": "the farthest from those the study has and those already chosen",
    "random": "drawn at random",
}


def picked_words(made: PickedImages) -> Iterator[str]:
    """The summary, a line each."""
    asked = made.request
    for note in made.notes:
        yield f"note  {note}"
    what = "label" if asked.purpose == "label" else "collect"
    yield (
        f"{plural(asked.amount, 'image')} to {what}, of {count(made.candidates)}, for "
        f"{made.task} ({count(made.labelled)} labelled): {RULE_WORDS[asked.by]}"
    )
    if made.left_out:
        yield f"left out: {join(left_out_words(made.left_out))}"
    yield f"expected: {_expected(made.expected)}"
    yield f"checked: {_tested(made)}"


def image_words(row: PickedRow) -> str:
    """One image and the reasons, on a line."""
    words = f"{row.rank}  {row.image}: most likely {row.predicted}, by {row.margin:.2f}"
    if row.stands_for > 1:
        words += f", stands for {row.stands_for}"
    return words


def _expected(of: GainOfMore) -> str:
    if of.gain is None:
        return f"not known for {of.lever} {count(of.start)} to {count(of.to)}: {of.why}"
    gain = of.gain
    doubt = f"; in doubt: {of.doubt}" if of.doubt else ""
    return (
        f"{count(of.to - of.start)} more {of.lever}, drawn at random, bring {points(gain.score)} "
        f"points (90% interval {span(gain.low, gain.high)}), by the study's law{doubt}"
    )


def _tested(made: PickedImages) -> str:
    test = made.test
    if test is None:
        return (
            f"not possible: that takes more labelled images than {count(made.labelled)}, or more "
            f"to pick than {count(made.request.amount)}"
        )
    if test.measure == "coverage":
        return _coverage(test)
    by = made.request.by
    tried = (
        f"with labels that the study has: {test.start} known and {test.pool} hidden, of which "
        f"{test.chosen} were added, {plural(test.repeats, 'time')}. Drawn at random they brought "
        f"{points(test.random - test.before)} points ({percent(test.random)} "
        f"{metric_name(test.measure)} on {test.held_out} training images that were kept apart)"
    )
    if by == "random":
        return tried
    apart = test.difference
    return (
        f"{tried}; picked by {by}, {points(apart.mean)} points against that (90% interval "
        f"{span(apart.low, apart.high)}){_verdict(test)}"
    )


def _coverage(test: PickTest) -> str:
    held = f"of {test.held_out} training images of the task that had no part in choosing"
    cosines = f"{test.before:.3f} without, {test.random:.3f} with random ones"
    words = f"mean cosine {held} to the nearest image: {cosines}"
    low, high = _cosine(test.difference.low), _cosine(test.difference.high)
    return (
        f"{words}, {test.rule:.3f} with these (90% interval of the difference {low} to {high})"
        f"{_verdict(test)}; nearness only, not a score"
    )


def _cosine(difference: float) -> str:
    return f"{difference:+.3f}".replace("-", "−")


def _verdict(test: PickTest) -> str:
    match test.verdict:
        case "better":
            return ""
        case "worse":
            return ": random is better here"
        case _:
            return ": random may be as good"
