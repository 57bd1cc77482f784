"""A fraction of the training labels, or k of each class, in several random draws."""

import math
from collections.abc import Callable
from statistics import fmean, median, stdev

import numpy as np
import torch
from scipy.special import stdtrit

from datayield.evals.inputs import Inputs
from datayield.evals.result import LEVEL, EvalResult
from datayield.spec.evaluation import DRAWS, EvalSpec

STREAM = 0x6C6162656C  # "label": a random stream separate from others with the same seed
CHOICES = frozenset({"strength", "k"})  # of the middle draw, since a mean of choices is meaningless
Z = 1.959964  # standard deviations of a 95% interval
Probe = Callable[[EvalSpec, Inputs], EvalResult]


def labelled_positions(
    labels: np.ndarray, seed: int, draw: int, fraction: float | None, per_class: int | None
) -> np.ndarray:
    """Ascending positions of the items of `labels` [n] that keep their label.

    `fraction` of each class, rounded, at least one; or `per_class` of it, or all if there are
    fewer. Each class has its own order, determined by (seed, draw), of which a prefix is taken, so
    smaller sets of labels are nested in larger ones.
    """
    rng = np.random.Generator(np.random.PCG64([STREAM, seed, draw]))
    order = np.lexsort((rng.permutation(len(labels)), labels))  # sorted by class, shuffled within
    kept = []
    for mine in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1):
        count = per_class if fraction is None else math.floor(fraction * len(mine) + 0.5)
        kept.append(mine[: max(1, count or 0)])
    return np.sort(np.concatenate(kept))


def mean_over_draws(spec: EvalSpec, inputs: Inputs, probe: Probe) -> EvalResult:
    """`probe` on each draw of the labels: means, and each draw's value as `<metric>_draw<i>`.

    Every draw is tuned separately. `<metric>_sd_draws` is the standard deviation over draws,
    `<metric>_sd_test` that over test items. The interval of a mean adds both variances: it covers
    another set of draws (from this pool) and other test items, but not other pretraining seeds.
    With one draw it covers test items only. `n_train` counts the labels of a draw.
    """
    assert inputs.train is not None
    (x, y), total = inputs.train, spec.draws or DRAWS
    draws = 1 if spec.label_fraction == 1 else total  # all labels: a single draw
    results: list[EvalResult] = []
    for draw in range(draws):
        kept = labelled_positions(y.numpy(), spec.seed, draw, spec.label_fraction, spec.per_class)
        mine = torch.from_numpy(kept)
        results.append(probe(spec, inputs._replace(train=(x[mine], y[mine]))))
    metrics: dict[str, float] = {}
    intervals: dict[str, tuple[float, float]] = {}
    for name in results[0].metrics:
        values = [each.metrics[name] for each in results]
        metrics[name] = median(values) if name in CHOICES else fmean(values)
        metrics |= {f"{name}_draw{i}": value for i, value in enumerate(values)}
        if name in results[0].intervals:
            of_test = fmean(
                (high - low) / (2 * Z) for low, high in (f.intervals[name] for f in results)
            )
            intervals[name] = results[0].intervals[name]
            metrics[f"{name}_sd_test"] = of_test
            if draws > 1:
                metrics[f"{name}_sd_draws"] = stdev(values)
                intervals[name] = _interval(metrics[name], stdev(values), draws, of_test)
    covers = (
        f"mean over {draws} draws of the labels; the interval covers other draws from these "
        f"{len(y)} items and other test items, not another pretraining"
        if draws > 1
        else "one draw of the labels; the interval covers other test items only"
    )
    notes = dict.fromkeys(note for each in results for note in each.notes)
    n, n_test = results[0].n_train, results[0].n_test
    rows = [each.right for each in results if each.right is not None]
    right = torch.cat(rows) if rows else None
    return EvalResult(metrics, intervals, n, n_test, (covers, *notes), right)


def _interval(mean: float, sd: float, draws: int, of_test: float) -> tuple[float, float]:
    """Half-widths added in quadrature: t over draws, normal over test items; clipped to [0, 1]."""
    over_draws_ = float(stdtrit(draws - 1, (1 + LEVEL) / 2)) * sd / math.sqrt(draws)
    half = math.hypot(over_draws_, Z * of_test)
    return max(0.0, mean - half), min(1.0, mean + half)
