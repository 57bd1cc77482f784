"""Gain per doubling of the images, step by step along a curve, and up to where it helps."""

import math
from dataclasses import dataclass
from itertools import pairwise

from datayield.analysis.model.difference import Difference
from datayield.analysis.model.gain_verdict import GAINED, WORTH, GainVerdict, verdict_of_gain
from datayield.analysis.model.noise_model import NoiseModel
from datayield.analysis.model.study_noise import NoiseModels, point_key
from datayield.analysis.results import CurveKey, Point, eval_names


@dataclass(frozen=True, slots=True)
class Step:
    """From `n` to `to` images: the gain, the gain per doubling, and the verdict."""

    n: int
    to: int
    gain: Difference
    per_doubling: Difference
    verdict: GainVerdict
    reason: str

    @property
    def doublings(self) -> float:
        """log2 of the growth."""
        return math.log2(self.to / self.n)


@dataclass(frozen=True, slots=True)
class CurveGain:
    """A curve's steps between neighbouring sizes, and the total from smallest to largest.

    `helps_up_to` ends the unbroken chain of steps with a gain, starting at the smallest size: a
    fixed-sequence test, which needs no multiplicity correction. None: not even the first.
    """

    key: CurveKey
    steps: tuple[Step, ...]
    total: Step
    helps_up_to: int | None

    @property
    def beyond(self) -> GainVerdict | None:
        """The verdict on the step that ends the chain; None if the chain reaches the end."""
        start = self.helps_up_to or self.total.n
        return next((s.verdict for s in self.steps if s.n == start), None)


def gains(
    curves: dict[CurveKey, list[Point]], noise: NoiseModels, worth: float = WORTH
) -> dict[CurveKey, CurveGain]:
    """Curve -> its gains, for curves with at least two sizes; `noise` by evaluation."""
    lines = {key: line for key, line in curves.items() if len(line) > 1}
    curve_gains: dict[CurveKey, CurveGain] = {}
    for name in eval_names(lines):
        mine = {key: line for key, line in lines.items() if key.eval == name}
        moves = [(key, a, b) for key, line in mine.items() for a, b in pairwise(line)]
        moves += [(key, line[0], line[-1]) for key, line in mine.items()]
        made = _steps([(a, b) for _, a, b in moves], noise[name], worth)
        of_curve: dict[CurveKey, list[Step]] = {}
        for step, (key, _, _) in zip(made, moves, strict=True):
            of_curve.setdefault(key, []).append(step)
        for key, (*own, total) in of_curve.items():
            curve_gains[key] = CurveGain(key, tuple(own), total, _chain(own))
    return curve_gains


def _steps(moves: list[tuple[Point, Point]], noise: NoiseModel, worth: float) -> list[Step]:
    of_moves = []
    diffs = noise.contrasts([{point_key(b): 1, point_key(a): -1} for a, b in moves])
    for (a, b), gain in zip(moves, diffs, strict=True):
        each = gain.per(math.log2(b.n / a.n))
        of_moves.append(Step(a.n, b.n, gain, each, *verdict_of_gain(each, worth)))
    return of_moves


def _chain(own: list[Step]) -> int | None:
    reached = None
    for step in own:
        if step.verdict not in GAINED:
            break
        reached = step.to
    return reached
