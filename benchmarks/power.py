"""Whether the power that `plan` tells comes true, by the decision itself; the usual noise of runs.

python benchmarks/power.py            # the smallest gain told, and how often it is recommended
python benchmarks/power.py --noise    # the noise over seeds in the committed results
"""

import argparse
import csv
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import numpy as np

from datayield.analysis.evidence import Evidence, Observation, Setting
from datayield.analysis.levers import decide
from datayield.analysis.power import EXPONENT, DesignPoint, detectable

Design = tuple[str, Sequence[DesignPoint], int, float]  # in words, settings, seeds, noise of a run
SIZES, BUDGETS = (250, 500, 1000, 2000), (25e3, 5e4, 1e5, 2e5)
SCORES = ("accuracy", "balanced_accuracy")


def grid(sizes: Sequence[float], budgets: Sequence[float]) -> list[DesignPoint]:
    """Every size at every budget."""
    return [(n, c) for n in sizes for c in budgets]


DESIGNS: tuple[Design, ...] = (
    ("3 x 3", grid(SIZES[:3], BUDGETS[:3]), 2, 0.01),
    ("3 x 3", grid(SIZES[:3], BUDGETS[:3]), 2, 0.03),
    ("3 x 3", grid(SIZES[:3], BUDGETS[:3]), 5, 0.01),
    ("4 x 4", grid(SIZES, BUDGETS), 3, 0.01),
    ("3 x 3, steps of 4", grid((250, 1000, 4000), (25e3, 1e5, 4e5)), 3, 0.01),
    ("3 x 1", grid(SIZES[:3], BUDGETS[:1]), 3, 0.01),
    ("ladder of 3", [(n, 100 * n) for n in SIZES[:3]], 3, 0.01),
    ("ladder of 6", [(n, 100 * n) for n in (125, *SIZES, 4000)], 2, 0.01),
)


def recommended(design: Design, gain: float, seed: int) -> bool:
    """Whether one study says to buy images, where the next doubling of them brings this gain.

    The error falls by a power law in images, so the doublings before brought more.
    """
    _, points, seeds, noise = design
    amplitude = gain / (1 - 2**-EXPONENT)
    rng, most = np.random.default_rng(seed), max(n for n, _ in points)
    runs = tuple(
        Observation(
            "task",
            "simclr",
            Setting(int(n), float(c), None, None),
            s,
            0.6 - amplitude * ((n / most) ** -EXPONENT - 1) + rng.normal(0, noise),
            2000,
        )
        for n, c in points
        for s in range(seeds)
    )
    return decide(Evidence(runs)).recommendation.lever == "images"


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
        words, points, seeds, noise = design
        gain = detectable(points, seeds, noise).images
        assert gain is not None, design
        often = [
            mean(recommended(design, size, seed) for seed in range(asked.studies))
            for size in (gain, gain / 2)
        ]
        print(
            f"| {words} | {seeds} | {100 * noise:g} | {100 * gain:.2f} | "
            + " | ".join(f"{each:.0%}" for each in often)
            + " |",
            flush=True,
        )


if __name__ == "__main__":
    main()
