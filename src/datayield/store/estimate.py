"""Time estimates on this machine: seconds with an interval, and what they are based on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Literal, NamedTuple

from datayield.spec.evaluation import DRAWS, EvalItems, EvalSpec, epochs_of
from datayield.spec.run import EncoderSpec, RunSpec, encoder_macs, flops_per_image
from datayield.store.scaling import TimedKind, seconds_at
from datayield.store.speeds import Speeds, eval_key, features_key, kind_of, speed_key

UNKNOWN = 10_000  # items of a split that was not found
ItemCounts = Mapping[str, EvalItems]  # by the id of the evaluation
EvalAt = tuple[float, EvalSpec]  # fraction of the budget, evaluation
Basis = Literal["", "runs", "measured", "scaled", "across"]
BASES: tuple[Basis, ...] = ("", "runs", "measured", "scaled", "across")  # the weakest last
# Factors that widen the spread of the samples, by their origin. They are verified: every report
# compares estimated and actual times. Between encoders, seconds per FLOP differ by a factor of 4.
FACTORS: dict[Basis, tuple[float, float]] = {
    "runs": (0.85, 1.2),
    "measured": (0.5, 2.0),
    "scaled": (0.4, 2.5),
    "across": (0.2, 5.0),
}
# A linear probe's arithmetic per labelled image and per image and class, for unseen evaluations.
# Fitted to its CPU time on 256 features and 10 to 200 classes, in FLOPs at the speed of training.
PROBE_FLOPS_PER_ITEM = 3e6
PROBE_FLOPS_PER_CLASS = 1.5e5


class TimeEstimate(NamedTuple):
    """Seconds: a likely value between a low and a high one; `basis` says what it rests on.

    `runs` on this machine, `measured` on it in seconds, `scaled` by FLOPs from runs of the same
    encoder, or `across` encoders, or from training to evaluations.
    """

    low: float
    likely: float
    high: float
    basis: Basis
    donors: frozenset[str] = frozenset()  # encoders that it is scaled from

    def __add__(self, other: object) -> "TimeEstimate":
        """The sum; bounds add up, which is right for fully correlated errors."""
        if not isinstance(other, TimeEstimate):
            return NotImplemented
        return TimeEstimate(
            self.low + other.low,
            self.likely + other.likely,
            self.high + other.high,
            max(self.basis, other.basis, key=BASES.index),
            self.donors | other.donors,
        )


def items_of(spec: EvalSpec, counts: ItemCounts) -> EvalItems:
    """The items of an evaluation; 10,000 of those that are not known."""
    usual = EvalItems(spec.train_count or UNKNOWN, spec.test_count or UNKNOWN)
    return counts.get(spec.id, usual)


NOTHING = TimeEstimate(0.0, 0.0, 0.0, "")


def likely_device() -> str:
    """The device that `--device auto` will choose, as far as is known without torch."""
    return "cuda" if Path("/dev/nvidiactl").exists() else "cpu"


def speeds_of(device: str) -> Speeds:
    """The times known of a device as asked for: "auto", "cpu", "cuda:1"."""
    kind = likely_device() if device == "auto" else device.partition(":")[0]
    return Speeds(kind_of(kind))


def pretraining(spec: RunSpec, share_left: float, speeds: Speeds) -> TimeEstimate | None:
    """Seconds for the rest of a pretraining; None if nothing comparable was timed before."""
    images = share_left * spec.steps * spec.batch
    per_image = speeds.samples(speed_key(spec))
    if per_image:
        return _spread([s * images for s in per_image], speeds.from_runs(speed_key(spec)))
    flops = flops_per_image(spec)
    if flops is None or not (known := speeds.timed_kinds()):
        return None
    same = [kind for kind in known if kind.encoder == spec.encoder.name]
    basis: Basis = "scaled" if same else "across"
    low, high = FACTORS[basis]
    of = same or known
    least, likely, most = (images * seconds for seconds in seconds_at(flops, of))
    return TimeEstimate(low * least, likely, high * most, basis, _names(of))


def evaluations(
    encoder: EncoderSpec | None, pending: Sequence[EvalAt], speeds: Speeds, counts: ItemCounts
) -> list[TimeEstimate | None]:
    """Seconds for each of these evaluations of one run, as `evaluation`.

    Features of images that an earlier one of the same checkpoint takes too are counted once.
    """
    taken: set[tuple[object, ...]] = set()
    estimates = []
    for share, ev in pending:
        images = 0
        train, test, _ = items_of(ev, counts)
        trains_apart = ev.traits.needs_labels and ev.folds is None
        wants = [(ev.train, ev.train_count, train)] if trains_apart else []
        for split, count, n in [*wants, (ev.test, ev.test_count, test)]:
            drawn = (count, ev.seed) if count is not None else None
            key = (share, ev.dataset, split, drawn, ev.decoded_side, ev.fit, ev.classes)
            images += 0 if key in taken else n
            taken.add(key)
        estimates.append(evaluation(encoder, ev, speeds, counts, images))
    return estimates


def evaluation(
    encoder: EncoderSpec | None,
    spec: EvalSpec,
    speeds: Speeds,
    counts: ItemCounts,
    images: int | None = None,
) -> TimeEstimate | None:
    """Seconds for one evaluation, with the features of `images` (None: of all its items)."""
    train, test, classes = items_of(spec, counts)
    needed = train if spec.traits.needs_labels else 0
    if images is None:
        images = test if spec.folds else needed + test
    key = eval_key(encoder, spec)
    if seen := speeds.samples(key):
        if speeds.from_runs(key):
            return _spread(seen, real=True)
        per_image = median(speeds.samples(features_key(encoder, spec)) or [0.0])
        images = 0 if spec.tunes else images
        return _spread([rest + per_image * images for rest in seen], real=False)
    macs = encoder_macs(encoder, spec.size) if encoder else 0.0
    if macs is None:
        return None
    name = encoder.name if encoder else ""
    if spec.tunes:  # forward and backward in each epoch, then the test images
        return _scaled(2 * macs * (3 * train * epochs_of(spec) + test), name, speeds)
    probes = (spec.draws or DRAWS) if spec.uses_label_fraction else spec.folds or 1
    flops = 2 * macs * (images + spec.traits.passes * train)
    per_item = PROBE_FLOPS_PER_ITEM
    if spec.traits.fits_head:
        per_item += PROBE_FLOPS_PER_CLASS * classes
    flops += per_item * probes * needed + PROBE_FLOPS_PER_ITEM * test
    return _scaled(flops, name, speeds)


def _spread(seconds: list[float], real: bool) -> TimeEstimate:
    basis: Basis = "runs" if real else "measured"
    low, high = FACTORS[basis]
    return TimeEstimate(low * min(seconds), median(seconds), high * max(seconds), basis)


def _scaled(flops: float, encoder: str, speeds: Speeds) -> TimeEstimate | None:
    """An evaluation by the seconds per FLOP of runs of this encoder, else of all.

    It is less like them than another run is, but most of it is the same encoder, whose speed may
    be far from that of others.
    """
    known = speeds.timed_kinds()
    if not known:
        return None
    of = [kind for kind in known if encoder and kind.encoder == encoder] or known
    low, high = FACTORS["across"]
    rates = [kind.seconds / kind.flops for kind in of]
    return TimeEstimate(
        low * flops * min(rates),
        flops * median(rates),
        high * flops * max(rates),
        "across",
        _names(of),
    )


def _names(of: Sequence[TimedKind]) -> frozenset[str]:
    return frozenset(kind.encoder for kind in of if kind.encoder)
