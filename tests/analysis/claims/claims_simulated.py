"""Studies simulated without training, to ask how often a claim's verdict is right.

Scores are truth + level of the seed + noise of the run (shared in part by neighbouring N, whose
images are nested) + a noise of each task, then read off a finite set of test items: some are hard
for all, some for the models of one cell, whatever their seed, and the rest is luck.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from datayield.analysis.results.items import StudyItems
from datayield.analysis.results.results import StudyResults
from datayield.analysis.results.rows import Row, RunCost
from datayield.spec.run.budget import Budget
from datayield.spec.study.study import Study
from datayield.spec.validate import validated
from datayield.store.folders import Store
from datayield.store.right_items import RightItems
from tests.simulated import spec_of

SIZES = (1000, 2000, 4000, 8000, 16000, 32000)
METHODS = ("simclr", "barlow_twins", "moco_v3")
BUDGETS = (Budget(unit="epochs", amount=10), Budget(unit="images", amount=160000))
TASKS = ("one", "two", "three")
SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)
ITEMS = 2000
SEED_LEVEL, RUN_NOISE, TASK_NOISE = 0.004, 0.006, 0.004  # standard deviations of a score
# Spread of items in probits, for all models and for those of one cell: whether an item is solved
# correlates by 0.5 between two cells' models (2 / pi * asin(HARDNESS^2 / sum), at 50%).
HARDNESS, TASTE = 1.74, 0.5
_SCALE = float(np.sqrt(1 + HARDNESS**2 + TASTE**2))

# (log2 of N / 1000, place of method, place of budget, place of task, share) -> accuracy
Truth = Callable[[float, int, int, int, float], float]


def nothing(n: float, method: int, budget: int, task: int, share: float) -> float:
    """The same score everywhere."""
    return 0.5


def study(claims: Sequence[dict[str, Any]]) -> Study:
    """Sizes x methods x budgets, three tasks, one of them over training; with these claims."""
    common = {"says": "a finding", "cites": "simulated"}
    raw = {
        "study": "simulated",
        "base": {},
        "axes": {
            "data.count": list(SIZES),
            "method": list(METHODS),
            "budget": [{"epochs": 10}, {"images": 160000}],
        },
        "evaluations": [
            {"name": t, "protocol": "linear@1", "dataset": t, "at": list(SHARES) if i == 0 else [1]}
            for i, t in enumerate(TASKS)
        ],
        "claims": [{**common, **claim} for claim in claims],
    }
    return validated(Study, raw, where="simulated")


def simulate(
    claims: Sequence[dict[str, Any]],
    truth: Truth = nothing,
    seeds: int = 3,
    rng: int = 0,
    *,
    noise_at: Callable[[float], float] = lambda n: 1.0,
    shares: Sequence[float] = SHARES,
    tasks: Sequence[str] = TASKS,
    items: bool = True,
) -> StudyResults:
    """Rows as such a study would leave them; `noise_at` scales the noise of runs at N.

    `items`: its records keep which test items were right.
    """
    draw = np.random.default_rng(rng)
    hard = draw.normal(0, HARDNESS, (len(TASKS), ITEMS))  # the test sets of this world
    level = draw.normal(0, SEED_LEVEL, seeds)
    rows: list[Row] = []
    files: dict[tuple[str, float, str], RightItems | None] = {}
    spent: list[RunCost] = []
    for m, method in enumerate(METHODS):
        for b, budget in enumerate(BUDGETS):
            nested = draw.normal(0, RUN_NOISE, seeds)  # of the smallest subset, kept in the next
            for n in SIZES:
                size = float(np.log2(n / SIZES[0]))
                nested = 0.5 * nested + np.sqrt(0.75) * draw.normal(0, RUN_NOISE, seeds)
                own_hard = hard + draw.normal(0, TASTE, hard.shape)
                for seed in range(seeds):
                    run = f"{method}-{b}-{n}-{seed}"
                    images = 10 * n if b == 0 else 160000
                    cell = (method, "convnet", "sprites", n, budget, images)
                    spent.append(
                        RunCost(run, run, images, images, 2 * images, 1e9 * images,
                              images / 400 * (1 + 0.05 * seed), None, 400.0, 0.0, 0, "cpu")
                    )  # fmt: skip
                    own = level[seed] + noise_at(n) * nested[seed]
                    for t, task in enumerate(TASKS):
                        if task not in tasks:
                            continue
                        for share in shares if t == 0 else (1.0,):
                            wanted = truth(size, m, b, t, share) + own
                            wanted += draw.normal(0, TASK_NOISE)
                            right = _solved(wanted, own_hard[t], draw)
                            value = float(right.mean())
                            files[run, share, task] = _kept(right, task)
                            rows.append(
                                Row(run, "run", *cell, share, (), seed, task, "linear@1", "",
                                    "accuracy", value, ITEMS, n_train=100 * 4**t)
                            )  # fmt: skip
    taste = draw.normal(0, TASTE, hard.shape)
    for seed in range(seeds):
        for t, task in enumerate(TASKS):
            wanted = 0.5 + float(draw.normal(0, RUN_NOISE))
            right = _solved(wanted, hard[t] + taste[t], draw)
            value = float(right.mean())
            files[f"untrained-{seed}", 0.0, task] = _kept(right, task)
            cell = ("", "convnet", "", 0, None, 0, 0.0, (), seed)
            rows.append(
                Row(f"untrained-{seed}", "untrained", *cell, task, "linear@1", "", "accuracy",
                    value, ITEMS)
            )  # fmt: skip
    specs = {one.run: spec_of("simclr", 1000, 20000, 0) for one in spent}  # alike but in the rows
    made = study(claims)
    kept = StudyItems(made, Store(Path("no files")), files) if items else None
    return StudyResults(made, tuple(rows), tuple(spent), specs=specs, items=kept)


def _kept(right: NDArray[np.bool_], task: str) -> RightItems:
    return RightItems(np.packbits(right[None], axis=1), (right.size,), task)


def _solved(wanted: float, hard: Any, draw: np.random.Generator) -> NDArray[np.bool_]:
    """The items that a model of that accuracy solves: its skill against their hardness.

    An item is solved where skill - hardness + luck > 0, luck standard normal: accuracy is then
    ndtr(skill / _SCALE) over all items of the kind.
    """
    skill = ndtri(np.clip(wanted, 0.01, 0.99)) * _SCALE
    solved: NDArray[np.bool_] = draw.random(hard.size) < ndtr(skill - hard)
    return solved
