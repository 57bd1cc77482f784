"""The verdict on one gain per doubling: of images, compute or labels."""

from typing import Literal

from datayield.analysis.model.paired import Difference

GainVerdict = Literal["helps", "no effect", "hurts", "inconclusive"]
WORTH = 0.005  # smallest gain per doubling worth having: half a point


def verdict_of_gain(per_doubling: Difference, worth: float) -> tuple[GainVerdict, str]:
    """The verdict on an interval, and why it is not decided where it is not.

    A gain that is surely positive but surely smaller than `worth` is flat: it is not worth having.
    """
    low, high = per_doubling.low, per_doubling.high
    if per_doubling.covers == "nothing":
        return "inconclusive", "no seed ran at both sizes"
    if per_doubling.covers != "seeds":
        return "inconclusive", "one seed: the interval covers test images, not variation over seeds"
    if -worth <= low and high <= worth:
        return "no effect", ""
    if low > 0:
        return "helps", ""
    if high < 0:
        return "hurts", ""
    return "inconclusive", "the interval contains both a relevant gain and none"
