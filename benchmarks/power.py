"""Whether the power that `plan` tells comes true, by the decision itself; the usual noise of runs.

python benchmarks/power.py            # the smallest gain told, and how often it is recommended
python benchmarks/power.py --noise    # the noise over seeds in the committed results
"""

import argparse
import csv
import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import numpy as np

from datayield.analysis.evidence import Evidence, Observation, Setting
from datayield.analysis.levers import decide
from datayield.analysis.power import EXPONENT, MOST_RANGE, DesignPoint, detectable

LEVERS = ("images", "compute", "labels")


class Design(NamedTuple):
    """A design in words; `lever`: the index of what helps."""

    words: str
    points: Sequence[DesignPoint]
    seeds: int
    noise: float  # of a run
    lever: int = 0
    labels: Sequence[int] = ()


SIZES, BUDGETS = (250, 500, 1000, 2000), (25e3, 5e4, 1e5, 2e5)
LONG = (125, *SIZES, 4000)
SCORES = ("accuracy", "balanced_accuracy")


def grid(sizes: Sequence[float], budgets: Sequence[float]) -> list[DesignPoint]:
    """Every size at every budget."""
    return [(n, c) for n in sizes for c in budgets]


def ladder(sizes: Sequence[float]) -> list[DesignPoint]:
    """Sizes at a fixed number of epochs."""
    return [(n, 100 * n) for n in sizes]


DESIGNS = (
    Design("3 x 3", grid(SIZES[:3], BUDGETS[:3]), 2, 0.01),
    Design("3 x 3", grid(SIZES[:3], BUDGETS[:3]), 2, 0.03),
    Design("3 x 3", grid(SIZES[:3], BUDGETS[:3]), 5, 0.01),
    Design("4 x 4", grid(SIZES, BUDGETS), 3, 0.01),
    Design("3 x 3, steps of 4", grid((250, 1000, 4000), (25e3, 1e5, 4e5)), 3, 0.01),
    Design("3 x 1", grid(SIZES[:3], BUDGETS[:1]), 3, 0.01),
    Design("3 x 1", grid(SIZES[:3], BUDGETS[:1]), 5, 0.005),
    Design("6 x 1", grid(LONG, BUDGETS[:1]), 3, 0.01),
    Design("6 x 1", grid(LONG, BUDGETS[:1]), 2, 0.03),
    Design("6 x 2", grid(LONG, BUDGETS[:2]), 2, 0.01),
    Design("1 x 3", grid(SIZES[2:3], BUDGETS[:3]), 3, 0.01, 1),
    Design("1 x 6", grid(SIZES[2:3], (12500, *BUDGETS, 4e5)), 2, 0.01, 1),
    Design("ladder of 3", ladder(SIZES[:3]), 3, 0.01),
    Design("ladder of 4", ladder(SIZES), 3, 0.02),
    Design("ladder of 6", ladder(LONG), 2, 0.01),
    Design("ladder of 6", ladder(LONG), 5, 0.005),
    Design("ladder of 8", ladder((62, *LONG, 8000)), 3, 0.01),
    Design("1 x 1, 3 labels", grid(SIZES[2:3], BUDGETS[2:3]), 5, 0.01, 2, (250, 500, 1000)),
    Design("3 x 3, 4 labels", grid(SIZES[:3], BUDGETS[:3]), 2, 0.01, 2, (125, 250, 500, 1000)),
)


def exponent(gain: float, doublings: float) -> float:
    """That of a law whose errors range over `MOST_RANGE` at most, where that allows the gain."""
    tried = (EXPONENT * (1 - step / 200) for step in range(200))
    fitting = (b for b in tried if gain * (2 ** (b * doublings) - 1) / (1 - 2**-b) <= MOST_RANGE)
    return next(fitting, EXPONENT / 200)


def recommended(design: Design, gain: float, seed: int) -> bool:
    """Whether one study says to buy what helps, where its next doubling brings this gain.

    The error falls by a power law, so the doublings before brought more. Half of the variance of a
    run's noise is common to all its numbers of labels.
    """
    axis, labels = design.lever, design.labels or (0,)
    settings = [(n, c, count) for n, c in design.points for count in labels]
    most, least = (extreme(s[axis] for s in settings) for extreme in (max, min))
    power = exponent(gain, math.log2(most / least))
    amplitude = gain / (1 - 2**-power)
    rng = np.random.default_rng(seed)
    common = {
        (point, s): rng.normal(0, design.noise)
        for point in design.points
        for s in range(design.seeds)
    }
    share = math.sqrt(0.5) if design.labels else 1.0
    own = math.sqrt(1 - share**2) * design.noise
    runs = tuple(
        Observation(
            "task",
            "simclr",
            Setting(int(n), float(c), count or None, None),
            s,
            0.6
            - amplitude * (((n, c, count)[axis] / most) ** -power - 1)
            + share * common[(n, c), s]
            + rng.normal(0, own),
            2000,
        )
        for n, c, count in settings
        for s in range(design.seeds)
    )
    return decide(Evidence(runs)).recommendation.lever == LEVERS[axis]


def noise_over_seeds(tables: Sequence[Path]) -> tuple[float, float, int]:
    """RUN, ITEMS and the number of cells: a gamma regression of variances on p (1 - p) / n."""
    cells: dict[tuple[str, ...], list[tuple[float, float]]] = defaultdict(list)
    for path in tables:
        for row in csv.DictReader(path.open()):
            if row["kind"] == "run" and float(row["share"]) == 1 and row["metric"] in SCORES:
                key = ("method", "encoder", "n", "budget", "axes", "eval", "metric")
                name = (str(path), *(row[each] for each in key))
                cells[name].append((float(row["value"]), float(row["n_test"])))
    several = [cell for cell in cells.values() if len(cell) > 1]
    variance = np.array([np.var([v for v, _ in cell], ddof=1) for cell in several])
    freedom = np.array([len(cell) - 1 for cell in several])
    p = np.array([mean(v for v, _ in cell) for cell in several])
    items = p * (1 - p) / np.array([cell[0][1] for cell in several])
    columns, fit = np.column_stack([np.ones(len(items)), items]), np.array([1e-5, 0.5])
    for _ in range(50):
        weights = freedom / (columns @ fit) ** 2
        solved = np.linalg.solve((columns.T * weights) @ columns, (columns.T * weights) @ variance)
        fit = np.maximum(solved, 1e-7)
    return float(np.sqrt(fit[0])), float(fit[1]), len(several)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--noise", action="store_true")
    parser.add_argument("--studies", type=int, default=60)
    asked = parser.parse_args()
    if asked.noise:
        tables = sorted(Path("results").glob("*/pocket/table.csv"))
        print("run {:.4f}, items {:.2f}, cells {}".format(*noise_over_seeds(tables)))
        return
    print("| design | seeds | noise of a run | smallest gain | recommended there | at half of it |")
    print("|---|---|---|---|---|---|")
    for design in DESIGNS:
        found = detectable(design.points, design.seeds, design.noise, design.labels)
        gain = found[design.lever]
        assert gain is not None, design
        often = [
            mean(recommended(design, size, seed) for seed in range(asked.studies))
            for size in (gain, gain / 2)
        ]
        print(
            f"| {design.words} | {design.seeds} | {100 * design.noise:g} | {100 * gain:.2f} | "
            + " | ".join(f"{each:.0%}" for each in often)
            + " |",
            flush=True,
        )


if __name__ == "__main__":
    main()
