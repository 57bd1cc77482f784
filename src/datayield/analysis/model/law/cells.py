"""The measured cells of one task and method: mean errors, repeats, and noise within cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from datayield.analysis.evidence import Observation, Setting, World
from datayield.analysis.model.law.forms import Floats, Places

PRIOR_ALIKE = 0.3  # correlation between neighbours, before any is seen
PRIOR_PAIRS = 12  # pairs of runs that this is worth
MOST_ALIKE = 0.95
PRIOR_RUNS = 2.0  # degrees of freedom that a like noise at all numbers of labels is worth
# C / N of the largest N where no compute is told, and N / C where no images are: one then varies.
UNKNOWN_PASSES = 100.0


@dataclass(frozen=True)
class MeasuredCells:
    """Settings that were measured, each once. Errors are 1 - score.

    `squares`: sum of squares within the cells after the seeds' common shifts, with `freedom`
    degrees, in units of `scale`: the noise of a run relative to one with most labels. `alike`:
    correlation of the noise of one seed between neighbouring sizes, whose images are nested, and
    between neighbouring numbers of labels, which probe one run.
    """

    settings: tuple[Setting, ...]
    errors: Floats  # [n] means
    repeats: Floats  # [n]
    squares: float
    freedom: int
    alike: tuple[float, float] = (0.0, 0.0)
    scale: Floats | float = 1.0  # [n]

    @property
    def spare(self) -> int:
        """Runs beyond those that two values of an axis take: what the noise is estimated from."""
        return self.freedom + max(len(self.settings) - 2, 0)

    @property
    def noise(self) -> Floats:
        """Covariance of the mean errors [n, n], in units of the variance of one run
        with most labels."""
        images, presented, labels, views = (np.array(axis) for axis in self.places)
        near = (presented[:, None] == presented) & (views[:, None] == views)
        for axis, alike in zip((images, labels), self.alike, strict=True):
            rank = np.unique(axis, return_inverse=True)[1]
            near = near * alike ** np.abs(rank[:, None] - rank)
        each = self.scale / np.sqrt(self.repeats)
        covariance: Floats = near * np.outer(each, each)
        return covariance

    @property
    def places(self) -> Places:
        """Where they are, [n] each."""
        return self.places_of(self.settings)

    def places_of(self, settings: Sequence[Setting]) -> Places:
        """Settings as numbers; what nobody told is a constant."""
        most = max(s.images or 0 for s in self.settings)
        longest = max(s.presented or 0 for s in self.settings)
        images, presented = UNKNOWN_PASSES * (longest or 1), UNKNOWN_PASSES * (most or 1)
        return Places(
            np.array([s.images or images for s in settings], float),
            np.array([s.presented or presented for s in settings], float),
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
            self.alike,
            self.scale if isinstance(self.scale, float) else self.scale[kept],
        )


def cells_of(world: World) -> MeasuredCells:
    """The cells of a world, in ascending order of what was spent."""
    groups: dict[Setting, list[Observation]] = {}
    for each in world.runs:
        groups.setdefault(each.setting, []).append(each)
    settings = tuple(sorted(groups, key=lambda s: tuple(v or 0 for v in s)))
    values = [np.array([1 - o.score for o in groups[s]]) for s in settings]
    repeats = [np.array([float(o.repeats) for o in groups[s]]) for s in settings]
    errors = np.array([np.average(v, weights=n) for v, n in zip(values, repeats, strict=True)])
    apart = np.concatenate(
        [np.sqrt(n) * (v - e) for v, n, e in zip(values, repeats, errors, strict=True)]
    )
    told = [o for s in settings for o in groups[s] if o.spread is not None]
    seeds = [o.seed for s in settings for o in groups[s]]
    freedom = len(apart) - len(values)
    shifts = _shifts(seeds, apart)
    if shifts is not None:
        apart, freedom = apart - shifts, freedom - (len(set(seeds)) - 1)
    labels = np.array([s.labels or 0 for s in settings for _ in groups[s]], float)
    scale = _scale(labels, apart, freedom / max(len(apart), 1))
    apart = apart / scale
    return MeasuredCells(
        settings,
        errors,
        np.array([n.sum() for n in repeats]),
        (float(apart @ apart) if freedom > 0 else 0.0)
        + sum((o.repeats - 1) * (o.spread or 0.0) ** 2 for o in told),
        max(freedom, 0) + sum(o.repeats - 1 for o in told),
        _alike([o for s in settings for o in groups[s]], apart),
        scale[np.cumsum([len(v) for v in values]) - 1],
    )


def _scale(labels: Floats, apart: Floats, spare: float) -> Floats:
    """The noise of each run relative to those with most labels: few labels scatter more.

    `spare`: degrees of freedom per run. Each number of labels is held to what all scatter like
    as firmly as `PRIOR_RUNS` degrees of freedom would.
    """
    if spare <= 0 or not apart.any():
        return np.ones_like(apart)
    index = np.unique(labels, return_inverse=True)[1]
    squares, runs = np.bincount(index, apart**2), spare * np.bincount(index)
    common = squares.sum() / runs.sum()
    spread = np.sqrt((squares + PRIOR_RUNS * common) / (runs + PRIOR_RUNS))
    scale: Floats = (spread / spread[-1])[index]
    return scale


def _alike(runs: Sequence[Observation], apart: Floats) -> tuple[float, float]:
    """See `MeasuredCells.alike`; from runs of one seed that differ in one of the two alone."""
    found = []
    for axis in (0, 2):
        lines: dict[object, list[tuple[float, float]]] = {}
        for run, noise in zip(runs, apart.tolist(), strict=True):
            if run.seed is not None:
                rest = run.setting[:axis] + run.setting[axis + 1 :]
                lines.setdefault((run.seed, rest), []).append((run.setting[axis] or 0, noise))
        pairs = np.array(
            [(a, b) for line in lines.values() for (_, a), (_, b) in pairwise(sorted(line))]
        ).reshape(-1, 2)
        total = float((pairs**2).sum() / 2)
        own = float(np.prod(pairs, axis=1).sum()) / total if total else 0.0
        share = len(pairs) / (len(pairs) + PRIOR_PAIRS)
        found.append(float(np.clip(share * own + (1 - share) * PRIOR_ALIKE, 0.0, MOST_ALIKE)))
    return found[0], found[1]


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
