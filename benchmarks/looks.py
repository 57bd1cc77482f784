"""How often the answer tells someone to buy who looks again and again, where nothing helps.

    python benchmarks/looks.py [--worlds 400] [--write]

A study of 3 sizes by 3 budgets and two seeds is looked at, gets another seed, is looked at again:
11 seeds at the tenth look. Nothing has an effect. Printed for 1, 2, 4 and 10 looks: the share of
worlds in which any look so far recommended to buy images, and to buy anything at all, with seeds
that shift all cells alike or not, and 400 or 4,000 test images.
"""

import argparse
import itertools
import json

import numpy as np
from machine import keep

from datayield.analysis.evidence import Evidence, Observation, Setting
from datayield.analysis.levers import decide

SIZES, BUDGETS = (500, 1000, 2000), (25_000, 50_000, 100_000)
LOOKS = (1, 2, 4, 10)
RUN, LEVEL, SCORE = 0.006, 0.004, 0.6


def alarms(items: int, level: float, draw: np.random.Generator) -> list[set[str]]:
    """What each look recommends to buy, in one world."""
    runs: list[Observation] = []
    told: list[set[str]] = []
    for seed in range(max(LOOKS) + 1):
        shift = draw.normal(0, level)
        for n, c in itertools.product(SIZES, BUDGETS):
            truth = np.clip(SCORE + shift + draw.normal(0, RUN), 0, 1)
            score = float(draw.binomial(items, truth) / items)
            at = Setting(n, float(c), None, None)
            runs.append(Observation("task", "simclr", at, seed, score, items))
        if seed:
            lever = decide(Evidence(tuple(runs))).recommendation.lever
            told.append(set() if lever in ("stop", "inconclusive") else {lever})
    return told


def main() -> None:
    """All conditions."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--worlds", type=int, default=400)
    parser.add_argument("--write", action="store_true", help="keep the lines in results/")
    asked = parser.parse_args()
    lines: list[dict[str, object]] = []
    for items, level in itertools.product((400, 4000), (0.0, LEVEL)):
        draw = np.random.default_rng([items, round(1000 * level)])
        worlds = [alarms(items, level, draw) for _ in range(asked.worlds)]
        for looks in LOOKS:
            bought = [set[str]().union(*world[:looks]) for world in worlds]
            lines.append({
                "items": items, "common shift": level, "looks": looks, "worlds": asked.worlds,
                "images": round(float(np.mean(["images" in each for each in bought])), 4),
                "anything": round(float(np.mean([bool(each) for each in bought])), 4),
            })  # fmt: skip
            print(json.dumps(lines[-1]), flush=True)
    if asked.write:
        keep("looks", lines)


if __name__ == "__main__":
    main()
