"""Every item tested once, by a probe trained on the other folds: the folds as one result."""

from collections.abc import Callable
from statistics import fmean, median

import torch
from torch import Tensor

from datayield.evals.inputs import Inputs, Items
from datayield.evals.label_fractions import CHOICES
from datayield.evals.result import EvalResult, scores
from datayield.spec.evaluation import EvalSpec

FoldPlaces = list[tuple[Tensor, Tensor]]  # of each fold: places of training and of test items


def over_folds(
    spec: EvalSpec, items: Items, parts: FoldPlaces, probe: Callable[[EvalSpec, Inputs], EvalResult]
) -> EvalResult:
    """`probe` on each fold: scores over all items, which are each tested once.

    Every fold chooses its own strength, on its own training items. Intervals are over test items:
    probes share most training items, which they leave out. What is no score of the test items is
    the mean over folds (a strength: the middle one). `n_train` is that of the smallest fold.
    """
    x, y = items
    right, results = torch.zeros(len(y), dtype=torch.bool), list[EvalResult]()
    for train, test in parts:
        measured = probe(spec, Inputs((x[test], y[test]), (x[train], y[train])))
        assert measured.right is not None
        right[test] = measured.right[0]
        results.append(measured)
    metrics = {}
    for name in results[0].metrics:
        values = [each.metrics[name] for each in results]
        metrics[name] = median(values) if name in CHOICES else fmean(values)
    whole, intervals = scores(y.where(right, -1), y, spec.seed)
    metrics |= whole
    n_train = min(each.n_train for each in results)
    notes = dict.fromkeys(note for each in results for note in each.notes)
    told = f"{len(parts)} folds: each of {len(y)} items tested once, by a probe of the others"
    return EvalResult(metrics, intervals, n_train, len(y), (told, *notes), right[None])
