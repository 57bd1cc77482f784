"""Evidence of worlds whose law is known."""

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from datayield.analysis.evidence import Evidence, Observation, Setting

Truth = Callable[[float, float], float]
SIZES, BUDGETS = (250, 500, 1000), (25_000, 50_000, 100_000)


def images_help(n: float, c: float) -> float:
    return 0.4 + 0.12 * (n / 1000) ** -0.5


def compute_helps(n: float, c: float) -> float:
    return 0.4 + 0.12 * (c / 1e5) ** -0.5


def nothing_helps(n: float, c: float) -> float:
    return 0.5


def runs(
    truth: Truth,
    sizes: Sequence[int] = SIZES,
    budgets: Sequence[float] = BUDGETS,
    seeds: int = 3,
    noise: float = 0.004,
    seed: int = 0,
    task: str = "task",
) -> tuple[Observation, ...]:
    """Each size at each budget, with noise that is drawn from `seed`."""
    rng = np.random.default_rng(seed)
    return tuple(
        Observation(
            task,
            "simclr",
            Setting(n, float(c), None, None),
            s,
            1 - truth(n, c) - rng.normal(0, noise),
            2000,
            hours=c / 1e6,
        )
        for n, c in product(sizes, budgets)
        for s in range(seeds)
    )


def evidence(*args: object, **kwargs: object) -> Evidence:
    """The runs alone."""
    return Evidence(runs(*args, **kwargs))  # type: ignore[arg-type]
