"""Time estimates on this machine: seconds with an interval, and what they are based on."""

from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import NamedTuple

from datayield.spec.evaluation import DRAWS, EvalSpec, epochs_of
from datayield.spec.run import EncoderSpec, RunSpec, encoder_macs, flops_per_image
from datayield.store.speeds import Speeds, eval_key, speed_key

# Factors that widen the spread of the samples, by their origin. They are verified: every report
# compares estimated and actual times.
UNKNOWN = 10_000  # items of a split that was not found
ItemCounts = Mapping[str, tuple[int, int]]  # id of an evaluation -> its training and test items
SEEN, SCALED = (0.85, 1.2), (0.4, 2.5)
PROBE_FLOPS_PER_ITEM = 2e7  # a probe's arithmetic per labelled image, for unseen evaluations


class TimeEstimate(NamedTuple):
    """Seconds: a likely value between a low and a high one; `basis` says what it rests on."""

    low: float
    likely: float
    high: float
    basis: str  # "runs", "measured" or "scaled"

    def __add__(self, other: object) -> "TimeEstimate":
        """The sum; bounds add up, which is right for fully correlated errors."""
        if not isinstance(other, TimeEstimate):
            return NotImplemented
        weaker = max(self.basis, other.basis, key=("", "runs", "measured", "scaled").index)
        return TimeEstimate(
            self.low + other.low, self.likely + other.likely, self.high + other.high, weaker
        )


def items_of(spec: EvalSpec, counts: ItemCounts) -> tuple[int, int]:
    """Training and test items of an evaluation; 10,000 of those that are not known."""
    usual = spec.train_count or UNKNOWN, spec.test_count or UNKNOWN
    return counts.get(spec.id, usual)


NOTHING = TimeEstimate(0.0, 0.0, 0.0, "")


def likely_device() -> str:
    """The device that `--device auto` will choose, as far as is known without torch."""
    return "cuda" if Path("/dev/nvidiactl").exists() else "cpu"


def pretraining(spec: RunSpec, share_left: float, speeds: Speeds) -> TimeEstimate | None:
    """Seconds for the rest of a pretraining; None if nothing comparable was timed before."""
    images = share_left * spec.steps * spec.batch
    per_image = speeds.samples(speed_key(spec))
    if per_image:
        return _spread([s * images for s in per_image], SEEN, speeds, speed_key(spec))
    flops = flops_per_image(spec)
    return _scaled(flops * images, speeds) if flops is not None else None


def evaluation(
    encoder: EncoderSpec | None, spec: EvalSpec, speeds: Speeds, counts: ItemCounts
) -> TimeEstimate | None:
    """Seconds for one evaluation, features included."""
    seen = speeds.samples(eval_key(encoder, spec))
    if seen:
        return _spread(seen, SEEN, speeds, eval_key(encoder, spec))
    macs = encoder_macs(encoder, spec.size) if encoder else 0.0
    if macs is None:
        return None
    train, test = items_of(spec, counts)
    if spec.tunes:  # forward and backward in each epoch, then the test images
        return _scaled(2 * macs * (3 * train * epochs_of(spec) + test), speeds)
    passes = 1 + spec.traits.passes
    probes = (spec.draws or DRAWS) if spec.uses_label_fraction else 1
    flops = 2 * macs * (passes * train + test) + PROBE_FLOPS_PER_ITEM * (probes * train + test)
    return _scaled(flops, speeds)


def _spread(
    seconds: list[float], factors: tuple[float, float], speeds: Speeds, key: str
) -> TimeEstimate:
    low, high = factors
    basis = "runs" if speeds.from_runs(key) else "measured"
    return TimeEstimate(low * min(seconds), median(seconds), high * max(seconds), basis)


def _scaled(flops: float, speeds: Speeds) -> TimeEstimate | None:
    rates = speeds.seconds_per_flop()
    if not rates:
        return None
    low, high = SCALED
    return TimeEstimate(
        low * flops * min(rates), flops * median(rates), high * flops * max(rates), "scaled"
    )
