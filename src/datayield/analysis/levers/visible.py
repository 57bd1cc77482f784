"""What finished runs can show: the smallest gain that they would recommend, and with more."""

from typing import NamedTuple

import numpy as np

from datayield.analysis.levers.experiments import MORE_ITEMS
from datayield.analysis.model.law import FittedLaw
from datayield.analysis.power import ITEMS, Detectable, detectable

MORE_SEEDS = 5
BETTER = 0.9  # of the gain that is seen now, at most, for more of something to be worth naming


class VisibleGain(NamedTuple):
    """The smallest gain per doubling, as a share, that runs with this noise show in 80% of studies.

    `with_seeds`, `with_items`: a number of seeds or test items, and the gain that it would show;
    None where that is hardly smaller, or the number of test items is not known.
    """

    gain: float
    with_seeds: tuple[int, float] | None
    with_items: tuple[int, float] | None


def visible_gain(law: FittedLaw) -> VisibleGain | None:
    """From the settings, the seeds and the noise of the runs; None where no lever is shown."""
    cells = law.cells
    points = [(float(s.images or 1), float(s.presented or 1)) for s in cells.settings]
    labels = [float(s.labels) for s in cells.settings if s.labels is not None]
    seeds = max(1, round(float(np.median(cells.repeats))))
    noise, items = law.noise, min((run.items for run in law.world.runs if run.items), default=0)
    now = _largest(detectable(points, seeds, noise, labels))
    if now is None:
        return None
    more = max(MORE_SEEDS, 2 * seeds)
    with_seeds = _largest(detectable(points, more, noise, labels))
    with_items = None
    if items:
        p = float(np.clip(1 - cells.errors.mean(), 0.0, 1.0))
        of_items = min(ITEMS * p * (1 - p) / items, noise**2)
        fewer = float(np.sqrt(noise**2 - (1 - 1 / MORE_ITEMS) * of_items))
        with_items = _largest(detectable(points, seeds, fewer, labels))
    return VisibleGain(
        now, _if_better(more, with_seeds, now), _if_better(MORE_ITEMS * items, with_items, now)
    )


def _largest(of: Detectable) -> float | None:
    """What no lever needs more than."""
    return max(
        (gain for gain in (of.images, of.compute, of.labels) if gain is not None), default=None
    )


def _if_better(number: int, gain: float | None, now: float) -> tuple[int, float] | None:
    return (number, gain) if gain is not None and gain < BETTER * now else None
