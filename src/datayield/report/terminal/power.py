"""What a study can decide, in two lines, before anything is spent; and as JSON."""

from typing import Any

from datayield.analysis.planned_power import PlannedPower
from datayield.analysis.power import Detectable

NEEDED = "it takes three values of images, compute or labels, and seeds"


def power_words(of: PlannedPower) -> str:
    """ "105 test images, 2 seeds: gains under about 3 points per doubling cannot be seen; ..."."""
    head = f"{of.task}, {of.n_test:,} test images, {of.seeds} seed{'s' * (of.seeds != 1)}: "
    gains = _gains(of.found)
    if not gains:
        return f"{head}no lever could be recommended; {NEEDED}"
    known = max(gains.values())
    words = f"{head}gains under about {_points(known)} per doubling cannot be seen"
    unseen = [lever for lever in ("images", "compute") if lever not in gains]
    if of.found.ladder and "compute" in unseen:
        unseen.remove("compute")  # which grows with the images
    if unseen:
        words += f", nor any of {' or '.join(unseen)} (fewer than three values)"
    seeds, with_seeds = of.more_seeds
    items, with_items = of.more_items
    folds = " (or folds)" if of.folds else ""
    options = [
        (_gains(with_items), f"{items:,} test images{folds} bring that to about"),
        (_gains(with_seeds), f"{seeds} seeds to about"),
    ]
    largest = [(max(found.values()), text) for found, text in options if found]
    better = [f"{text} {_points(value)}" for value, text in largest if value < 0.9 * known]
    if len(better) == 1 and better[0].startswith(str(seeds)):
        better = [better[0].replace("seeds to", "seeds bring that to")]
    return "; ".join([words, ", ".join(better)]) if better else words


def power_json(of: PlannedPower) -> dict[str, Any]:
    """Gains in points per doubling, null where a lever cannot be recommended."""
    return {
        "task": of.task,
        "test_images": of.n_test,
        "seeds": of.seeds,
        "smallest_gain": _detectable_json(of.found),
        "with_more_seeds": {"seeds": of.more_seeds[0], **_detectable_json(of.more_seeds[1])},
        "with_more_test_images": {
            "test_images": of.more_items[0],
            **_detectable_json(of.more_items[1]),
        },
    }


def _detectable_json(of: Detectable) -> dict[str, float | None]:
    gains = _gains(of)
    return {
        lever: round(100 * gains[lever], 2) if lever in gains else None
        for lever in ("images", "compute", "labels")
    }


def _gains(of: Detectable) -> dict[str, float]:
    """Lever -> the smallest gain, of those that can be recommended."""
    found = {"images": of.images, "compute": of.compute, "labels": of.labels}
    return {lever: gain for lever, gain in found.items() if gain is not None}


def _points(gain: float) -> str:
    value = 100 * gain
    return f"{value:.1f} points" if value < 9.95 else f"{value:.0f} points"
