"""The measured cells of one task and method: mean errors, repeats, and noise within cells."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datayield.analysis.evidence import Observation, Setting, World
from datayield.analysis.model.law.forms import Floats, Places

UNKNOWN_PASSES = 100.0  # C / N of the largest N where no compute is told: N alone then varies


@dataclass(frozen=True)
class MeasuredCells:
    """Settings that were measured, each once. Errors are 1 - score.

    `squares`: sum of squares within the cells after the seeds' common shifts, with `freedom`
    degrees.
    """

    settings: tuple[Setting, ...]
    errors: Floats  # [n] means
    repeats: Floats  # [n]
    squares: float
    freedom: int

    @property
    def places(self) -> Places:
        """Where they are, [n] each."""
        return self.places_of(self.settings)

    def places_of(self, settings: Sequence[Setting]) -> Places:
        """Settings as numbers; what nobody told is a constant."""
        passes = UNKNOWN_PASSES * max(s.images for s in self.settings)
        return Places(
            np.array([s.images for s in settings], float),
            np.array([s.presented or passes for s in settings], float),
            np.array([s.labels or 1 for s in settings], float),
            np.array([s.views or 1 for s in settings], float),
        )

    def without(self, dropped: Sequence[Setting]) -> "MeasuredCells":
        """The others; the noise within cells is that of all."""
        kept = [i for i, s in enumerate(self.settings) if s not in dropped]
        return MeasuredCells(
            tuple(self.settings[i] for i in kept),
            self.errors[kept],
            self.repeats[kept],
            self.squares,
            self.freedom,
        )


def cells_of(world: World) -> MeasuredCells:
    """The cells of a world, in ascending order of what was spent."""
    groups: dict[Setting, list[Observation]] = {}
    for each in world.runs:
        groups.setdefault(each.setting, []).append(each)
    settings = tuple(sorted(groups, key=lambda s: tuple(v or 0 for v in s)))
    values = [np.array([1 - o.score for o in groups[s]]) for s in settings]
    errors = np.array([v.mean() for v in values])
    apart = np.concatenate([v - v.mean() for v in values])
    seeds = [o.seed for s in settings for o in groups[s]]
    freedom = len(apart) - len(values)
    shifts = _shifts(seeds, apart)
    if shifts is not None:
        apart, freedom = apart - shifts, freedom - (len(set(seeds)) - 1)
    return MeasuredCells(
        settings,
        errors,
        np.array([float(len(v)) for v in values]),
        float(apart @ apart) if freedom > 0 else 0.0,
        max(freedom, 0),
    )


def _shifts(seeds: Sequence[int | None], apart: Floats) -> NDArray[np.float64] | None:
    """The common shift of each observation's seed; None where seeds are not known or do not recur.

    A seed that shifts all cells alike is no noise of their differences.
    """
    known = [seed for seed in seeds if seed is not None]
    if len(known) < len(seeds) or len(set(known)) * 2 > len(known):
        return None
    order = {seed: i for i, seed in enumerate(dict.fromkeys(known))}
    index = np.array([order[seed] for seed in known])
    means = np.bincount(index, apart) / np.bincount(index)
    shifts: NDArray[np.float64] = means[index]
    return shifts
