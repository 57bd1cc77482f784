"""Seconds per image of a kind of run that was never timed, from kinds of other sizes that were.

A step takes some time whatever the network, and more the more arithmetic it does: a small network
is limited by the first, a large one by the second. Both are fitted as seconds = a + b FLOPs.
"""

import math
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple


class TimedKind(NamedTuple):
    """A kind of run: its encoder, and the FLOPs and seconds that an image takes."""

    encoder: str
    flops: float
    seconds: float


class SecondsPerImage(NamedTuple):
    """A likely value between those that the timed kinds allow."""

    low: float
    likely: float
    high: float


def seconds_at(flops: float, timed: Sequence[TimedKind]) -> SecondsPerImage:
    """Seconds per image at `flops` per image, from at least one timed kind.

    Where all that was timed has one size, the time may be all fixed or all arithmetic: these are
    the bounds, and the likely value is in the middle of their logarithms.
    """
    if len({kind.flops for kind in timed}) == 1:
        times, of = flops / timed[0].flops, [kind.seconds for kind in timed]
        likely = median(of) * math.sqrt(times)
        return SecondsPerImage(min(of) * min(1.0, times), likely, max(of) * max(1.0, times))
    fixed, rate = _fitted(timed)
    off = [kind.seconds / (fixed + rate * kind.flops) for kind in timed]
    likely = fixed + rate * flops
    return SecondsPerImage(likely * min(1.0, *off), likely, likely * max(1.0, *off))


def _fitted(timed: Sequence[TimedKind]) -> tuple[float, float]:
    """(a, b), neither negative, with the least squares of relative errors."""
    fixed = [1 / max(kind.seconds, 1e-12) for kind in timed]  # a and b times these sum to 1
    rates = [kind.flops * each for kind, each in zip(timed, fixed, strict=True)]
    aa, bb = sum(x * x for x in fixed), sum(y * y for y in rates)
    ab = sum(x * y for x, y in zip(fixed, rates, strict=True))
    a, b = sum(fixed), sum(rates)
    both = (a * bb - b * ab) / (aa * bb - ab * ab), (b * aa - a * ab) / (aa * bb - ab * ab)
    if min(both) >= 0:
        return both
    return (a / aa, 0.0) if a * a / aa > b * b / bb else (0.0, b / bb)  # whichever fits better
