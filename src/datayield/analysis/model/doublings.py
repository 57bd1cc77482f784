"""What a doubling of the images buys, step by step along a curve, and up to where it pays."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from datayield.analysis.model.paired import Difference, differences, pair
from datayield.analysis.results import CurveKey, Point, eval_names

Verdict = Literal["pays", "flat", "hurts", "cannot say"]
WORTH = 0.005  # smallest gain per doubling worth having: half a point


@dataclass(frozen=True, slots=True)
class Step:
    """From `n` to `to` images: the gain, the gain per doubling, and what follows."""

    n: int
    to: int
    gain: Difference
    per_doubling: Difference
    verdict: Verdict
    reason: str

    @property
    def doublings(self) -> float:
        """log2 of the growth."""
        return math.log2(self.to / self.n)


@dataclass(frozen=True, slots=True)
class CurveGain:
    """A curve's steps between neighbouring sizes, and the whole way from smallest to largest.

    `pays_up_to` ends the unbroken chain of steps that pay, counted from the smallest size: a test
    in fixed sequence, which needs no correction for the number of steps. None: not even the first.
    """

    key: CurveKey
    steps: tuple[Step, ...]
    total: Step
    pays_up_to: int | None

    @property
    def beyond(self) -> Verdict | None:
        """The verdict on the step at which the chain ends; None where it reaches the end."""
        start = self.pays_up_to or self.total.n
        return next((s.verdict for s in self.steps if s.n == start), None)


def gains(curves: dict[CurveKey, list[Point]], worth: float = WORTH) -> dict[CurveKey, CurveGain]:
    """Curve -> its gains, for curves with two sizes or more; noise is pooled per evaluation."""
    lines = {key: line for key, line in curves.items() if len(line) > 1}
    curve_gains: dict[CurveKey, CurveGain] = {}
    for name in eval_names(lines):
        mine = {key: line for key, line in lines.items() if key.eval == name}
        moves = [(key, a, b) for key, line in mine.items() for a, b in pairwise(line)]
        moves += [(key, line[0], line[-1]) for key, line in mine.items()]
        made = steps([(a, b) for _, a, b in moves], worth)
        of_curve: dict[CurveKey, list[Step]] = {}
        for step, (key, _, _) in zip(made, moves, strict=True):
            of_curve.setdefault(key, []).append(step)
        for key, (*own, total) in of_curve.items():
            curve_gains[key] = CurveGain(key, tuple(own), total, _chain(own))
    return curve_gains


def steps(moves: list[tuple[Point, Point]], worth: float) -> list[Step]:
    """Steps over N for pairs of points of one evaluation."""
    of_moves = []
    diffs = differences([pair(a.seeds, b.seeds) for a, b in moves])
    for (a, b), gain in zip(moves, diffs, strict=True):
        each = gain.per(math.log2(b.n / a.n))
        of_moves.append(Step(a.n, b.n, gain, each, *verdict_of_gain(each, worth)))
    return of_moves


def verdict_of_gain(per_doubling: Difference, worth: float) -> tuple[Verdict, str]:
    """The verdict on an interval, and why it is not decided where it is not.

    A gain that is surely positive but surely smaller than `worth` is flat: it is not worth having.
    """
    low, high = per_doubling.low, per_doubling.high
    if per_doubling.covers == "nothing":
        return "cannot say", "no seed ran at both sizes"
    if per_doubling.covers != "seeds":
        return "cannot say", "one seed: the interval covers test images, not variation over seeds"
    if -worth <= low and high <= worth:
        return "flat", ""
    if low > 0:
        return "pays", ""
    if high < 0:
        return "hurts", ""
    return "cannot say", "the interval contains both a relevant gain and none"


def _chain(own: list[Step]) -> int | None:
    reached = None
    for step in own:
        if step.verdict != "pays":
            break
        reached = step.to
    return reached
