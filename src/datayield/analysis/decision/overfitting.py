"""Does a score peak during training and fall? Tested without selecting the peak on its own noise.

The highest of several noisy milestones lies above the last one even for a flat curve. So the peak
of each seed's curve is located in the mean curve of the other seeds, and the fall is measured on
the seed's own: its expectation is 0 for a flat curve. A single seed is inconclusive.
"""

from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from datayield.analysis.model import CellWeights, Difference, LayoutCell, NoiseModel
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
    """Every cell with at least three milestones, in the study's order.

    One noise model per evaluation, to all cells and milestones: milestones of one run are a line.
    """
    lines = [
        (key, n, tuple(p for p in line if p.share > 0)) for (key, n), line in trajectories.items()
    ]
    lines = [(key, n, line) for key, n, line in lines if len(line) >= FEWEST]
    cell_peaks: list[Peak] = []
    for name in dict.fromkeys(key.eval for key, _, _ in lines):
        mine = [each for each in lines if each[0].eval == name]
        moves = {i: by_seed for i, each in enumerate(mine) if (by_seed := _falls(i, each[2]))}
        # If all seeds are highest at the end there is no fall.
        falling = [i for i, by_seed in moves.items() if any(w for w in by_seed.values())]
        falls: dict[int, Difference] = {}
        if falling:
            noise = NoiseModel([cell for i, each in enumerate(mine) for cell in _cells(i, each[2])])
            moved = noise.contrasts_by_seed([moves[i] for i in falling])
            falls = dict(zip(falling, moved, strict=True))
        for i, (key, n, line) in enumerate(mine):
            top = max(line, key=lambda p: (p.seeds.mean, -p.share))
            course: Course = "highest at the end" if i in moves else "inconclusive"
            if i in falls:
                surely = falls[i].decides and falls[i].low > 0
                course = "peaks and falls" if surely else "inconclusive"
            at = top.share
            cell_peaks.append(Peak(key, n, line[-1].images, line, at, falls.get(i), course))
    return cell_peaks


def _cells(i: int, line: tuple[Point, ...]) -> list[LayoutCell]:
    return [LayoutCell((i, p.share), p.seeds, (p.key.method, p.encoder), i, p.share) for p in line]


def _falls(i: int, line: tuple[Point, ...]) -> dict[int, CellWeights]:
    """Seed -> the contrast of the other seeds' peak against the end, empty where they are one;
    none for a single seed.
    """
    values = {p.share: p.seeds.by_seed for p in line}
    seeds = sorted(set.intersection(*(set(v) for v in values.values())))
    if len(seeds) < 2:
        return {}
    end = line[-1].share
    falls: dict[int, CellWeights] = {}
    for seed in seeds:
        others = {s: fmean(v[o] for o in seeds if o != seed) for s, v in values.items()}
        peak = max(others, key=lambda s: (others[s], s))
        falls[seed] = {(i, peak): 1.0, (i, end): -1.0} if peak != end else {}
    return falls
