"""What limits the runs of a claim: images, compute, or neither, by the laws of the study.

A finding on more images presupposes runs that images limit. Where a claim is inconclusive on its
own cells, all runs of the study together may still show that a doubling of images brings nothing
worth having, and that a doubling of compute does: the finding is then not testable by more seeds.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from datayield.analysis.claims.cells import ClaimData, measured
from datayield.analysis.evidence import Setting
from datayield.analysis.format import method_name, points
from datayield.analysis.levers import WORTH
from datayield.analysis.levers.lever import SPARE, one_ladder
from datayield.analysis.model import own_variance_over_items
from datayield.analysis.model.law import SAMPLES, FittedLaw
from datayield.analysis.model.law.forms import Floats
from datayield.spec.claims import ENDS, Claim, Diminishing, Gain, Monotone, many

VariedAxis = Literal["images", "presented"]
Limit = Literal["compute-limited", "data-limited", ""]
CONFIDENCE = 0.95
_AXES: dict[str, VariedAxis] = {"data.count": "images", "budget": "presented"}
_WORDS: dict[VariedAxis, str] = {"images": "images", "presented": "compute"}
_ENDS = {"first": 0, "last": -1}


@dataclass(frozen=True, slots=True)
class DoublingGain:
    """What a doubling brings over the measured range, in score as a share, with its interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class AbsentEffect:
    """That the compared axis has no effect worth having.

    `limit`: what limits instead; "" where the other axis is not measured, or brings nothing clear.
    """

    axis: VariedAxis
    gain: DoublingGain
    limit: Limit
    other: DoublingGain | None

    @property
    def words(self) -> str:
        """ "compute-limited here: images +0.0 (-0.3 to +0.3) points per doubling, ..."."""
        other: VariedAxis = "images" if self.axis == "presented" else "presented"
        said = f"{_WORDS[self.axis]} {_span(self.gain)} points per doubling"
        if self.other is None:
            return f"no effect here: {said}; {_WORDS[other]} alone not varied"
        of_other = f"{_WORDS[other]} {_span(self.other)}"
        return f"no effect: {self.limit + ' here' if self.limit else 'here'}, {said}, {of_other}"


def regime_of(data: ClaimData, claim: Claim, laws: Sequence[FittedLaw]) -> AbsentEffect | None:
    """The regime of a claim on more images, or on more compute, at everything else equal.

    None where the claim is about something else, where images and compute grow together, where
    no law covers its runs, or where an effect worth having is not excluded.
    """
    axis = _axis(claim)
    mine = _laws(data, claim, laws) if axis else []
    if axis is None or not mine:
        return None
    gain = _gain(mine, axis, claim)
    if gain is None or gain.low < -WORTH or gain.high > WORTH:
        return None
    other: VariedAxis = "presented" if axis == "images" else "images"
    more = _gain(mine, other, None)
    limit: Limit = ""
    if more is not None and more.low > 0 and more.mean > WORTH:
        limit = "compute-limited" if axis == "images" else "data-limited"
    return AbsentEffect(axis, gain, limit, more)


def _axis(claim: Claim) -> VariedAxis | None:
    """The axis along which the claim expects an effect; None if it holds other things unequal."""
    if not isinstance(claim, Gain | Monotone | Diminishing) or claim.units or claim.metric:
        return None
    if claim.checkpoint is not None:  # the laws are of the last checkpoints
        return None
    if isinstance(claim, Gain) and (claim.at_from or claim.at_to or claim.at_least < 0):
        return None
    other = {"data.count": "budget", "budget": "data.count"}.get(claim.over, "")
    held = many(claim.where.get(other, ()))
    return _AXES.get(claim.over) if all(value in ENDS for value in held) else None


def _laws(data: ClaimData, claim: Claim, laws: Iterable[FittedLaw]) -> list[FittedLaw]:
    """Those of the claim's evaluations and methods whose noise is known; [] if one lacks."""
    evals = {target for name in claim.names for target, _ in measured(data.results, name, None)}
    methods = {method_name(str(name)) for name in many(claim.where.get("method", ()))}
    mine = [
        law
        for law in laws
        if law.world.task in evals and (not methods or law.world.method in methods)
    ]
    known = all(law.cells.spare >= SPARE and not one_ladder(law.cells) for law in mine)
    return mine if known and evals == {law.world.task for law in mine} else []


def _gain(laws: Sequence[FittedLaw], axis: VariedAxis, claim: Claim | None) -> DoublingGain | None:
    """Mean over the laws of the gain per doubling; None if one of them has a single value.

    The laws of one task share its test items, so that their errors over items do not average out.
    """
    gains, items = np.zeros(SAMPLES), 0.0
    order = np.random.Generator(np.random.PCG64(16))
    for law in laws:
        ends = _ends(law, axis, claim)
        if not ends:
            return None
        errors = law.errors([setting for pair in ends for setting in pair])
        each, noise = np.zeros(SAMPLES), 0.0
        for i, (start, to) in enumerate(ends):
            doublings = math.log2((getattr(to, axis) or 1) / (getattr(start, axis) or 1))
            each += (errors[:, 2 * i] - errors[:, 2 * i + 1]) / doublings / len(ends)
            noise += _over_items(law, errors[:, 2 * i]) / doublings / len(ends)
        gains += order.permutation(each) / len(laws)
        items += noise / len(laws)
    gains += items * order.standard_normal(SAMPLES)
    low, high = np.quantile(gains, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return DoublingGain(float(gains.mean()), float(low), float(high))


def _ends(law: FittedLaw, axis: VariedAxis, claim: Claim | None) -> list[tuple[Setting, Setting]]:
    """Pairs of measured settings, of least and most of the axis, at each value of the other."""
    other: VariedAxis = "presented" if axis == "images" else "images"
    lines: dict[Setting, list[Setting]] = {}
    for setting in law.cells.settings:
        lines.setdefault(setting._replace(**{axis: None}), []).append(setting)
    pairs = [
        (min(line, key=lambda s: getattr(s, axis) or 0), max(line, key=lambda s: getattr(s, axis)))
        for _, line in sorted(lines.items(), key=lambda each: getattr(each[0], other) or 0)
        if len(line) > 1
    ]
    name = next(key for key, value in _AXES.items() if value == other)
    held = many(claim.where.get(name, ())) if claim is not None else ()
    return [pairs[_ENDS[value]] for value in held] if held and pairs else pairs


def _over_items(law: FittedLaw, errors: Floats) -> float:
    """Standard error over test items of a difference of two cells, one test set for both."""
    items = [run.items for run in law.world.runs if run.items]
    if not items:
        return 0.0
    return math.sqrt(2 * own_variance_over_items(float(errors.mean()), min(items)))


def _span(gain: DoublingGain) -> str:
    return f"{points(gain.mean)} ({points(gain.low)} to {points(gain.high)})"
