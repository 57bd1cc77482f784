"""Does a score peak during training and fall? Tested without selecting the peak on its own noise.

The highest of several noisy milestones lies above the last one even for a flat curve. So the peak
of each seed's curve is located in the mean curve of the other seeds, and the fall is measured on
the seed's own: its expectation is 0 for a flat curve. A single seed is inconclusive.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from datayield.analysis.model import Difference, Pair, differences, pair
from datayield.analysis.results import CurveKey, Point

Course = Literal["peaks and falls", "highest at the end", "inconclusive"]
FEWEST = 3  # milestones, at least, for a peak before the end


@dataclass(frozen=True, slots=True)
class Peak:
    """One metric over the training of one cell.

    `at`: fraction of the budget at which the mean over seeds is highest. `fall`: from the other
    seeds' peak to the last milestone, positive if it falls; None for one seed.
    """

    key: CurveKey
    n: int
    images: int
    line: tuple[Point, ...]
    at: float
    fall: Difference | None
    course: Course


def peaks(trajectories: dict[tuple[CurveKey, int], list[Point]]) -> list[Peak]:
    """Every cell with at least three milestones, in the study's order, with pooled noise."""
    lines = [
        (key, n, tuple(p for p in line if p.share > 0)) for (key, n), line in trajectories.items()
    ]
    lines = [(key, n, line) for key, n, line in lines if len(line) >= FEWEST]
    cell_peaks: list[Peak] = []
    for name in dict.fromkeys(key.eval for key, _, _ in lines):
        mine = [each for each in lines if each[0].eval == name]
        pairs = {i: both for i, each in enumerate(mine) if (both := _ends(each[2]))}
        # If all seeds are highest at the end there is no fall whose noise could be pooled.
        falling = [i for i, both in pairs.items() if both.before != both.after]
        # Other milestones are used only for the noise: two cells of two seeds are too few.
        others = [both for _, _, line in mine for both in _apart(line)]
        moved = differences([*(pairs[i] for i in falling), *others])
        falls = dict(zip(falling, moved, strict=False))
        for i, (key, n, line) in enumerate(mine):
            top = max(line, key=lambda p: (p.seeds.mean, -p.share))
            course: Course = "highest at the end" if i in pairs else "inconclusive"
            if i in falls:
                surely = falls[i].covers == "seeds" and falls[i].low > 0
                course = "peaks and falls" if surely else "inconclusive"
            at = top.share
            cell_peaks.append(Peak(key, n, line[-1].images, line, at, falls.get(i), course))
    return cell_peaks


def _apart(line: tuple[Point, ...]) -> list[Pair]:
    """Disjoint pairs of neighbouring milestones, if there are several seeds."""
    pairs = [pair(a.seeds, b.seeds) for a, b in zip(line[::2], line[1::2], strict=False)]
    return [both for both in pairs if len(both.before.keys() & both.after) > 1]


def _ends(line: tuple[Point, ...]) -> Pair | None:
    """Scores by seed at the end and at the other seeds' peak; None for a single seed."""
    values: dict[float, Mapping[int, float]] = {p.share: p.seeds.by_seed for p in line}
    seeds = sorted(set.intersection(*(set(v) for v in values.values())))
    if len(seeds) < 2:
        return None
    peak = {}
    for seed in seeds:
        others = {s: fmean(v[o] for o in seeds if o != seed) for s, v in values.items()}
        peak[seed] = values[max(others, key=lambda s: (others[s], s))][seed]
    end = {seed: values[line[-1].share][seed] for seed in seeds}
    last = line[-1].seeds
    return Pair(end, peak, last.n_test, counted=last.counted)
