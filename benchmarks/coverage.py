"""How often a report's intervals cover, and how often its sentences claim what is not there.

    python benchmarks/coverage.py [--studies 1000] [--only coverage others words alarms]
        [--seeds 2 3 5] [--out FILE]

Simulated studies take the way of a report: rows, results, all analyses but the fitted laws, the
sentences of the answer. Prints four tables and writes their rows as JSON lines:

- coverage: of the 95% intervals of steps and totals, where the rest of neighbouring, nested sizes
  is independent or correlates by .7;
- others: the same for other designs: other numbers of seeds and sizes, a correlation of .4 or .9,
  no noise of test items to dilute it, runs that lack, a single method;
- words: how often a true gain of .3 points per doubling is called one, by seeds;
- alarms: on flat truth, how often the first sentence, and any sentence, claims an effect.

Scores are .6 + gain + level of the seed (.4 points) + noise of the run (.6 points), counted on a
number of test items. The intervals of 1,000 studies of one row are known to about .7 points.
"""

import argparse
import datetime
import itertools
import json
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from datayield.analysis import findings
from datayield.analysis.model import gains, noise_models
from datayield.analysis.results import Row, StudyResults
from datayield.analysis.text.answer import answer
from datayield.spec.run import Budget
from datayield.spec.study import Study
from datayield.spec.validate import validated

LEVEL, RUN, NESTED = 0.004, 0.006, 0.7
MANY = 10**8  # test items: what is left is the noise of runs
SIZES = (500, 1000, 2000, 4000, 8000, 16000)
METHODS = ("simclr", "barlow_twins", "moco_v3", "vicreg")
BUDGETS = (80_000, 160_000, 320_000)
RESULTS = Path(__file__).parent / "results"
CLAIMS = re.compile(
    r"helps|help for|(?<!hides whether )more images help|hurts?\b|a small gain|data-limited|"
    r"compute-limited|where both help|overfitting|peaks at"
)


def made(
    draw: np.random.Generator,
    *,
    seeds: int,
    sizes: Sequence[int],
    methods: int = 2,
    budgets: Sequence[int] = BUDGETS[:1],
    items: int = 10_000,
    rho: float = 0.0,
    gain: float = 0.0,
    lacking: float = 0.0,
) -> StudyResults:
    """One study of one evaluation, `gain` per doubling, with untrained encoders.

    `lacking`: share of the runs of each seed but the first two that are not there.
    """
    raw: dict[str, Any] = {
        "study": "simulated",
        "base": {"encoder": {"name": "convnet", "size": 32}},
        "axes": {"data.count": list(sizes), "method": list(METHODS[:methods])},
        "evaluations": [{"name": "task", "protocol": "linear@1", "dataset": "sprites"}],
    }
    level = draw.normal(0, LEVEL, seeds)
    rows = []
    for method, images in itertools.product(METHODS[:methods], budgets):
        rest = np.zeros(seeds)
        for i, n in enumerate(sizes):
            tie = rho if i else 0.0
            rest = tie * rest + np.sqrt(1 - tie**2) * draw.normal(0, RUN, seeds)
            truth = 0.6 + gain * np.log2(n / sizes[0]) + level + rest
            for seed, score in enumerate(draw.binomial(items, truth) / items):
                run, budget = f"{method}-{n}-{images}-{seed}", Budget(unit="images", amount=images)
                cell = (method, "convnet", "sprites", n, budget, images, 1.0, (), seed)
                if lacking and seed > 1 and draw.random() < lacking:
                    continue
                rows.append(_row(run, "run", cell, float(score), items))
    for seed, score in enumerate(draw.binomial(items, 0.34 + draw.normal(0, RUN, seeds)) / items):
        cell = ("", "convnet", "", 0, None, 0, 0.0, (), seed)
        rows.append(_row(f"untrained-{seed}", "untrained", cell, float(score), items))
    return StudyResults(validated(Study, raw, where="simulated"), tuple(rows), ())


def _row(run: str, kind: Any, cell: Any, score: float, items: int) -> Row:
    return Row(run, kind, *cell, "task", "linear@1", "", "accuracy", score, items)


def coverage(studies: int, few: Sequence[int]) -> Iterator[dict[str, Any]]:
    """One row per noise, seeds, sizes and test items."""
    for rho, seeds, sizes, items in itertools.product(
        (0.0, NESTED), few, (2, 3, 6), (500, 2000, 10_000)
    ):
        yield _covered(studies, rho=rho, seeds=seeds, sizes=sizes, items=items)


def others(studies: int, few: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Coverage of designs that nothing was chosen by, whatever `few` says."""
    for rho, seeds, sizes, items in (
        (0.0, 4, 4, 2000), (0.4, 4, 4, 10_000), (0.4, 2, 6, MANY), (0.4, 8, 3, 2000),
        (0.4, 8, 6, MANY), (NESTED, 2, 3, MANY), (NESTED, 2, 6, MANY), (NESTED, 3, 6, MANY),
        (NESTED, 5, 6, MANY), (0.9, 2, 6, MANY), (0.9, 3, 6, MANY),
    ):  # fmt: skip
        yield _covered(studies, rho=rho, seeds=seeds, sizes=sizes, items=items)
    for rho in (0.0, NESTED):
        yield _covered(studies, rho=rho, seeds=5, sizes=6, items=2000, lacking=0.3)
        yield _covered(studies, rho=rho, seeds=2, sizes=6, items=MANY, methods=1)


def _covered(
    studies: int, *, rho: float, seeds: int, sizes: int, items: int, **more: Any
) -> dict[str, Any]:
    """Shares of steps and totals whose interval holds the truth, which is 0."""
    draw = np.random.default_rng([seeds, sizes, items, round(10 * rho)])
    step, total = [], []
    for _ in range(studies):
        results = made(draw, seeds=seeds, sizes=SIZES[:sizes], items=items, rho=rho, **more)
        main = results.main
        for line in gains(main.curves, noise_models(main)).values():
            step += [s.gain.low <= 0 <= s.gain.high for s in line.steps]
            total.append(line.total.gain.low <= 0 <= line.total.gain.high)
    return {
        "table": "coverage", "rho": rho, "seeds": seeds, "sizes": sizes, "items": items, **more,
        "steps": round(float(np.mean(step)), 4), "totals": round(float(np.mean(total)), 4),
    }  # fmt: skip


def words(studies: int, few: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Verdicts on the total of six sizes, at a true gain of .3 points per doubling.

    With 3 to 40 seeds, whatever `few` says.
    """
    for rho, seeds in itertools.product((0.0, NESTED), (3, 5, 10, 20, 40)):
        draw = np.random.default_rng([seeds, round(10 * rho)])
        said: list[str] = []
        for _ in range(max(studies // 5, 1)):
            results = made(draw, seeds=seeds, sizes=SIZES, rho=rho, gain=0.003, items=2000)
            main = results.main
            said += [g.total.verdict for g in gains(main.curves, noise_models(main)).values()]
        names = ("helps", "small gain", "no effect", "hurts", "inconclusive")
        rates = {name: round(said.count(name) / len(said), 3) for name in names}
        gained = rates["helps"] + rates["small gain"]
        yield {"table": "words", "rho": rho, "seeds": seeds, "gain": round(gained, 3), **rates}


def alarms(studies: int, few: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Flat truth: a few sizes, many methods, a grid of sizes and budgets."""
    designs: dict[str, dict[str, Any]] = {
        "two methods": {"sizes": SIZES},
        "four methods": {"sizes": SIZES, "methods": 4},
        "grid": {"sizes": SIZES[:3], "budgets": BUDGETS, "methods": 2},
    }
    for (name, design), rho, seeds in itertools.product(designs.items(), (0.0, NESTED), few):
        draw = np.random.default_rng([len(name), seeds, round(10 * rho)])
        first = some = 0
        for _ in range(studies):
            results = made(draw, seeds=seeds, rho=rho, items=2000, **design)
            heads = answer(findings.analyse(results))
            wrong = [h.about != "baseline" and bool(CLAIMS.search(h.text)) for h in heads]
            first, some = first + wrong[0], some + any(wrong)
        yield {
            "table": "alarms", "design": name, "rho": rho, "seeds": seeds,
            "first": round(first / studies, 4), "any": round(some / studies, 4),
        }  # fmt: skip


TABLES = {"coverage": coverage, "others": others, "words": words, "alarms": alarms}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--only", nargs="+", choices=list(TABLES), default=list(TABLES))
    parser.add_argument("--seeds", type=int, nargs="+", default=[2, 3, 5])
    today = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}"
    parser.add_argument("--out", type=Path, default=RESULTS / f"coverage_{today}.jsonl")
    asked = parser.parse_args()
    # the laws are not looked at, and take most of the time
    findings.fits, findings.in_background = lambda curves: {}, lambda work: work
    with asked.out.open("a", encoding="utf-8") as file:
        for name in asked.only:
            start = time.perf_counter()
            for row in TABLES[name](asked.studies, asked.seeds):
                line = {**row, "studies": asked.studies}
                print("  ".join(f"{key} {value}" for key, value in line.items()), flush=True)
                file.write(json.dumps(line) + "\n")
            print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
