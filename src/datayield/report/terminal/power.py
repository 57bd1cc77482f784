"""What a study can decide, in two lines, before anything is spent; and as JSON."""

from typing import Any

from datayield.analysis.planned_power import PlannedPower
from datayield.analysis.power import Detectable

NEEDED = "it takes three values of images or compute, and seeds"


def power_words(of: PlannedPower) -> str:
    """ "105 test images, 2 seeds: gains under about 3 points per doubling cannot be seen; ..."."""
    head = f"{of.task}, {of.n_test:,} test images, {of.seeds} seed{'s' * (of.seeds != 1)}: "
    found = of.found
    if found.images is None and found.compute is None:
        return f"{head}no lever could be recommended; {NEEDED}"
    known = _least(found)
    words = f"{head}gains under about {_points(known)} per doubling cannot be seen"
    if not found.ladder and None in (found.images, found.compute):
        lever = "images" if found.images is None else "compute"
        words += f", nor any of {lever} (fewer than three values)"
    seeds, with_seeds = of.more_seeds
    items, with_items = of.more_items
    folds = " (or folds)" if of.folds else ""
    options = [
        (_least(with_items), f"{items:,} test images{folds} bring that to about"),
        (_least(with_seeds), f"{seeds} seeds to about"),
    ]
    better = [f"{text} {_points(value)}" for value, text in options if value < 0.9 * known]
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
    return {
        "images": None if of.images is None else round(100 * of.images, 2),
        "compute": None if of.compute is None else round(100 * of.compute, 2),
    }


def _least(of: Detectable) -> float:
    """The larger of the two: what no lever needs more than."""
    return max(value for value in (of.images, of.compute) if value is not None)


def _points(gain: float) -> str:
    value = 100 * gain
    return f"{value:.1f} points" if value < 9.95 else f"{value:.0f} points"
