"""The verdict on one gain per doubling: of images, compute or labels.

In order of evidence, and never less evident with more seeds: a gain that is there is called one
sooner or later, whatever its size.
"""

from typing import Literal

from datayield.analysis.model.difference import Covers, Difference

GainVerdict = Literal["helps", "small gain", "no effect", "hurts", "inconclusive"]
GAINED: tuple[GainVerdict, ...] = ("helps", "small gain")
WORTH = 0.005  # smallest gain per doubling worth having: half a point
_MORE: dict[Covers, str] = {
    "test images only": ": the interval covers test images, not variation over seeds",
    "too few seeds": ": more are needed",
}


def verdict_of_gain(per_doubling: Difference, worth: float) -> tuple[GainVerdict, str]:
    """The verdict on an interval, and why it is not decided where it is not.

    `helps` above `worth`, `small gain` above 0, `no effect` within plus or minus `worth`.
    """
    low, high = per_doubling.low, per_doubling.high
    if not per_doubling.decides:
        return "inconclusive", per_doubling.why_undecided + _MORE.get(per_doubling.covers, "")
    if low > worth:
        return "helps", ""
    if low > 0:
        return "small gain", ""
    if -worth <= low and high <= worth:
        return "no effect", ""
    if high < 0:
        return "hurts", ""
    return "inconclusive", "the interval contains both a relevant gain and none"


def together(verdict: GainVerdict, gain: Difference, most: float) -> GainVerdict:
    """The verdict where it is read with others: an effect needs a p of at most `most` (most_p)."""
    effect = verdict in (*GAINED, "hurts")
    return "inconclusive" if effect and gain.p > most else verdict
