"""How fast, and how often wrongly, `run --until decided` decides in worlds whose law is known.

    python benchmarks/until_decided.py [--worlds 200] [--kind images] [--write]

A study of 4 sizes x 4 budgets x 4 seeds is looked at after the first seed of every cell and after
each further two runs, as the command does; noise of runs is .4 to 1.2 points, half of it shared by
neighbouring nested sizes. Wrong: what is recommended is more than half a point per doubling worse
than the best choice. Prints one line a kind of world: decisions, wrong ones, looks, and the share
of the full grid's compute that was spent.
"""

import argparse
import json
import statistics
from collections import Counter
from collections.abc import Callable

import numpy as np
from machine import keep

from datayield.analysis.evidence import Evidence, Observation, Setting
from datayield.analysis.levers import WORTH, decide
from datayield.analysis.levers.next_runs import Candidate, next_runs

Truth = Callable[[float, float], float]
SIZES, BUDGETS, SEEDS = (125, 250, 500, 1000), (12_500, 25_000, 50_000, 100_000), (0, 1, 2, 3)
KINDS = ("images", "compute", "nothing", "little")
ALIKE = 0.5  # correlation of the noise between neighbouring sizes
BATCH = 2


def law(kind: str, rng: np.random.Generator) -> Truth:
    """The error in images and compute."""
    a, b = rng.uniform(0.2, 0.6, 2)
    large = rng.uniform(0.05, 0.15)
    images = {"images": large, "little": 0.01}.get(kind, 0.0)
    compute = {"compute": large, "little": 0.01}.get(kind, 0.0)
    floor = rng.uniform(0.3, 0.6)
    return lambda n, c: float(floor + images * (n / 1000) ** -a + compute * (c / 1e5) ** -b)


def scores(truth: Truth, rng: np.random.Generator) -> dict[tuple[int, int, int], float]:
    """Of every run of the full grid."""
    noise = rng.uniform(0.004, 0.012)
    made = {}
    for seed in SEEDS:
        shift = rng.normal(0, 0.004)
        for c in BUDGETS:
            own = rng.normal(0, noise)
            for n in SIZES:
                made[n, c, seed] = 1 - truth(n, c) - shift - own
                own = ALIKE * own + np.sqrt(1 - ALIKE**2) * rng.normal(0, noise)
    return made


def decided(kind: str, world: int) -> tuple[str, bool, int, float]:
    """The decision, whether it is wrong, the looks, and the share of all compute."""
    rng = np.random.Generator(np.random.PCG64([world, KINDS.index(kind)]))
    truth = law(kind, rng)
    every = scores(truth, rng)
    done = [key for key in every if key[2] == SEEDS[0]]
    pending = [key for key in every if key[2] != SEEDS[0]]
    looks = 0
    while True:
        looks += 1
        runs = [
            Observation("task", "", Setting(n, float(c), None, None), s, every[n, c, s])
            for n, c, s in done
        ]
        answer = decide(Evidence(tuple(runs)))
        choice = answer.recommendation.lever
        if choice != "inconclusive" or not pending:
            break
        candidates = [
            Candidate(str(i), "", Setting(n, float(c), None, None), float(c))
            for i, (n, c, _) in enumerate(pending)
        ]
        chosen = [pending[int(i)] for i in next_runs(answer, candidates, BATCH)]
        done += chosen
        pending = [key for key in pending if key not in chosen]
    here = truth(SIZES[-1], BUDGETS[-1])
    gains = {
        "images": here - truth(2 * SIZES[-1], BUDGETS[-1]),
        "compute": here - truth(SIZES[-1], 2 * BUDGETS[-1]),
        "stop": 0.0,
    }
    wrong = choice != "inconclusive" and max(gains.values()) - gains[choice] > WORTH
    return choice, wrong, looks, sum(c for _, c, _ in done) / sum(c for _, c, _ in every)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--write", action="store_true", help="keep the summary in results/")
    asked = parser.parse_args()
    rows: list[dict[str, object]] = []
    for kind in asked.kind or KINDS:
        made = [decided(kind, world) for world in range(asked.worlds)]
        rows.append(
            {
                "helps": kind,
                "worlds": asked.worlds,
                "decisions": dict(Counter(choice for choice, *_ in made)),
                "wrong": sum(wrong for _, wrong, *_ in made),
                "looks": round(statistics.mean(looks for *_, looks, _ in made), 1),
                "most_looks": max(looks for *_, looks, _ in made),
                "share_of_compute": round(statistics.median(share for *_, share in made), 2),
                "mean_share": round(statistics.mean(share for *_, share in made), 2),
            }
        )
        print(json.dumps(rows[-1]), flush=True)
    if asked.write:
        keep("until_decided", rows)


if __name__ == "__main__":
    main()
