"""Does pretraining beat what is free: untrained encoder, raw pixels, published weights?"""

from dataclasses import dataclass
from typing import Literal

from datayield.analysis.model import Difference, NoiseModels, base_key, point_key
from datayield.analysis.results import Baseline, CurveKey, MetricResults, Point

Outcome = Literal["beats", "loses", "inconclusive"]


@dataclass(frozen=True, slots=True)
class BaselineComparison:
    """One cell of the study against one baseline: the run's score minus the baseline's."""

    point: Point
    baseline: Baseline
    gain: Difference
    outcome: Outcome


def against_baselines(measured: MetricResults, noise: NoiseModels) -> list[BaselineComparison]:
    """Every curve's largest N against every baseline of its evaluation and encoder.

    A file of weights stands for itself, whatever encoder it is of.

    The untrained encoder is paired by seed; pixels and published weights have no seed, so every
    seed is compared with the same value. `noise` by evaluation.
    """
    comparisons = []
    tops = {key: line[-1] for key, line in measured.curves.items()}
    for base in measured.baselines:
        mine = [p for key, p in tops.items() if _comparable(key, p, base)]
        if not mine:
            continue
        seeded = base.kind == "untrained"
        weights = [
            {point_key(p): 1.0, base_key(base): -1.0} if seeded else {point_key(p): 1.0}
            for p in mine
        ]
        less = [0.0 if seeded else base.seeds.mean] * len(mine)
        for p, gain in zip(mine, noise[base.eval].contrasts(weights, less), strict=True):
            comparisons.append(BaselineComparison(p, base, gain, _outcome(gain)))
    return comparisons


def _comparable(key: CurveKey, point: Point, base: Baseline) -> bool:
    """Whether it is the same evaluation, of the same encoder unless the baseline is another's."""
    alien = base.kind in ("pixels", "weights")
    return key.eval == base.eval and (alien or base.encoder in ("", point.encoder))


def _outcome(gain: Difference) -> Outcome:
    if not gain.decides:
        return "inconclusive"
    return "beats" if gain.low > 0 else "loses" if gain.high < 0 else "inconclusive"
