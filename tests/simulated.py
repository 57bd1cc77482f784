"""Simulated studies with a planted truth: what the analysis must find, and must not find."""

import itertools
import math
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from datayield.analysis.results.results import StudyResults
from datayield.analysis.results.rows import Row, RunCost
from datayield.spec.run.budget import Budget
from datayield.spec.run.run import RunSpec
from datayield.spec.study.expand import as_run, resolve
from datayield.spec.study.study import Study
from datayield.spec.validate import validated

Truth = Callable[[float, float], float]  # (N, images presented) -> accuracy

SIZES = (250, 500, 1000, 2000, 4000, 8000)
N_TEST = 2000


def power_law(a: float = 0.2, b: float = 3.0, c: float = 0.4) -> Truth:
    """Accuracy 1 - a - b N^-c, whatever the compute."""
    return lambda n, images: 1 - a - b * n**-c


def flat(accuracy: float = 0.6) -> Truth:
    """N buys nothing."""
    return lambda n, images: accuracy


def study(evals: Sequence[str], methods: Sequence[str], sizes: Sequence[int], **more: Any) -> Study:
    """A declared study with these axes; its runs are never resolved here."""
    kinds = {"spectrum": "spectrum@1", "neighbours": "knn@1"}
    raw: dict[str, Any] = {
        "study": "simulated",
        "question": "What does the next unlabeled image buy, at a fixed number of images shown?",
        "base": {"encoder": {"name": "convnet", "size": 32}},
        "axes": {"data.count": list(sizes), "method": list(methods)},
        "evaluations": [
            {"name": e, "protocol": kinds.get(e, "linear@1"), "dataset": "sprites"} for e in evals
        ],
    }
    return validated(Study, {**raw, **more}, where="simulated")


def simulate(
    truths: dict[str, Truth] | None = None,
    methods: Sequence[str] = ("simclr", "barlow_twins"),
    sizes: Sequence[int] = SIZES,
    budgets: Sequence[Budget] = (Budget(unit="images", amount=20000),),
    seeds: Sequence[int] = (0, 1, 2),
    noise: Callable[[float], float] = lambda n: 0.006,
    shares: Sequence[float] = (1.0,),
    rng: int = 0,
    keep: Callable[[str, int, int], bool] = lambda method, n, seed: True,
    rank: bool = True,
) -> StudyResults:
    """Rows as a study would leave them. `noise` is the standard deviation over seeds at N.

    The second method starts half a point lower, so that curves differ; a seed has a level of its
    own besides, as paired comparisons expect. `keep` drops runs, as unfinished studies do.
    """
    truths = truths or {"category": power_law(), "texture": power_law(0.05, 1.0, 0.3)}
    draw = np.random.default_rng(rng)
    levels = {seed: draw.normal(0, 0.004) for seed in seeds}
    evals = [*truths, "spectrum"] if rank else list(truths)
    rows: list[Row] = []
    spent: list[RunCost] = []
    missing: list[str] = []
    specs: dict[str, RunSpec] = {}
    for method, n, budget, seed in itertools.product(methods, sizes, budgets, seeds):
        label = f"{method}, n={n}, {budget.label()}, seed {seed}"
        if not keep(method, n, seed):
            missing.append(label)
            continue
        images = budget.images(n, 128)
        run = f"{method}-{n}-{images}-{seed}"

        cell = (method, "convnet", "sprites", n, budget, images)
        make = partial(_row, run, cell, seed)
        for share in shares:
            for name, truth in truths.items():
                value = truth(n, images * share) - 0.005 * methods.index(method)
                value += levels[seed] + draw.normal(0, noise(n)) - 0.08 * (1 - share)
                value = float(np.clip(value, 0, 1))
                rows.append(make(share, name, "accuracy", value))
                best = min(1.0, value + abs(draw.normal(0, 0.004)))
                rows.append(make(share, name, "accuracy_best_on_test", best))
            if rank:
                width = 20 + 8 * math.log2(n / 100) + 5 * methods.index(method) + draw.normal()
                rows.append(make(share, "spectrum", "effective_rank", width * share**0.3))
        specs[run] = spec_of(method, n, images, seed)
        spent.append(_spent(run, label, images, float(draw.normal(1, 0.1))))
    for name in truths:
        for seed in seeds:
            value = 0.34 + float(draw.normal(0, 0.01))
            rows.append(_baseline("untrained", "convnet", name, seed, value))
        rows.append(_baseline("pixels", "", name, 0, 0.41))
    spec = study(evals, methods, sizes)
    versions = {"datayield": "0.1.0", "python": "3.12.3", "torch": "2.11.0"}
    return StudyResults(spec, tuple(rows), tuple(spent), tuple(missing), versions, specs)


def _row(run: str, cell: Any, seed: int, share: float, name: str, metric: str, value: float) -> Row:
    kind = "spectrum@1" if name == "spectrum" else "linear@1"
    return Row(run, "run", *cell, share, (), seed, name, kind, "", metric, value, N_TEST)


def _baseline(kind: Any, encoder: str, name: str, seed: int, value: float) -> Row:
    cell = ("", encoder, "", 0, None, 0, 0.0, (), seed)
    return Row(f"{kind}-{seed}", kind, *cell, name, "linear@1", "", "accuracy", value, N_TEST)


@cache  # studies simulated by the hundred have the same runs
def spec_of(method: str, n: int, images: int, seed: int) -> RunSpec:
    """A run on a dataset of a name that a page must not take for its own."""
    base: dict[str, Any] = {
        "data": {"dataset": "</script><b>", "count": n, "seed": seed},
        "encoder": {"name": "convnet", "size": 32},
        "views": {"recipe": "mild"},
        "method": {"name": method},
        "optim": {"lr": 1e-3},
        "budget": {"images": images},
        "seed": seed,
    }
    return resolve(as_run(base, {}, {}, {}), {})


def _spent(run: str, label: str, images: int, luck: float) -> RunCost:
    return RunCost(
        run=run,
        label=label,
        images_asked=images,
        images=images,
        views=2 * images,
        flops=2e9 * images,
        seconds=images / 400 * luck,
        estimate_seconds=images / 400,
        images_per_second=400 / luck,
        data_wait=0.01,
        peak_memory=700_000_000,
        device="cpu, 2 threads",
    )


def with_milestones(
    curves: dict[str, dict[str, Sequence[Sequence[float]]]],
    shares: Sequence[float],
    sizes: Sequence[int] = (1000,),
    method: str = "lejepa",
    losses: Sequence[float] = (),
) -> StudyResults:
    """Planted courses over training: evaluation -> metric -> one course per seed, at every N."""
    rows: list[Row] = []
    logged: dict[str, dict[float, float]] = {}
    for n in sizes:
        cell = (method, "convnet", "sprites", n, Budget(unit="images", amount=20000), 20000)
        for name, metrics in curves.items():
            for metric, courses in metrics.items():
                for seed, course in enumerate(courses):
                    run = f"{method}-{n}-{seed}"
                    make = partial(_row, run, cell, seed)
                    rows += [make(s, name, metric, v) for s, v in zip(shares, course, strict=True)]
                    if losses:
                        logged[run] = dict(zip(shares, losses, strict=True))
    return StudyResults(study(list(curves), [method], sizes), tuple(rows), (), losses=logged)
