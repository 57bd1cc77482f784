"""What an evaluation returns: metrics, their intervals, sample sizes and notes."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from datayield.maths.metrics import accuracy, balanced_accuracy, wilson
from datayield.spec.errors import DataError, TrainingError

LEVEL = 0.95
RESAMPLES = 2_000


class EvalResult(NamedTuple):
    """Accuracies are fractions in [0, 1]; intervals are at 95% over the test items.

    They cover no other source of randomness: neither the training items nor the pretraining seed.
    `notes` say what is needed to compare the numbers. `right`: which test items were right, bool
    [draws, n] in their order, where each is right or wrong.
    """

    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    n_train: int
    n_test: int
    notes: tuple[str, ...]
    right: Tensor | None = None


def scores(
    pred: Tensor, target: Tensor, seed: int
) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    """Accuracy (Wilson interval) and balanced accuracy (bootstrap) of two [n] tensors."""
    hits = int((pred == target).sum())
    metrics = {
        "accuracy": accuracy(pred, target),
        "balanced_accuracy": balanced_accuracy(pred, target),
    }
    low, high = wilson(hits, len(target), LEVEL)
    intervals = {
        "accuracy": (low, high),
        "balanced_accuracy": balanced_interval(pred, target, seed),
    }
    return metrics, intervals


def balanced_interval(pred: Tensor, target: Tensor, seed: int) -> tuple[float, float]:
    """Percentile bootstrap over items of the mean recall of [n] predictions.

    Items matter only through their class and correctness, so a resample of n items is one
    multinomial draw over 2 x classes cells. A class absent from a resample is left out of its mean.
    """
    _, place, counts = torch.unique(target, return_inverse=True, return_counts=True)
    right = torch.bincount(place, weights=(pred == target).double(), minlength=len(counts))
    cells = torch.stack([right, counts - right]).flatten().numpy() / len(target)
    rng = np.random.Generator(np.random.PCG64(seed))
    draws = rng.multinomial(len(target), cells, size=RESAMPLES).reshape(RESAMPLES, 2, -1)
    drawn = draws.sum(axis=1)  # [RESAMPLES, classes]
    recall = draws[:, 0] / np.maximum(drawn, 1)
    means = recall.sum(axis=1) / (drawn > 0).sum(axis=1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def missing_classes(train: Tensor, test: Tensor) -> tuple[int, tuple[str, ...]]:
    """The number of classes in `test` that are missing from `train`, and a note on it."""
    lost = test[torch.isin(test, train, invert=True)]
    count = len(torch.unique(lost))
    if not count:
        return 0, ()
    return count, (
        f"{count} classes of the test items are missing in train: "
        f"{len(lost)} of {len(test)} test items are always wrong",
    )


def check(features: Tensor, labels: Tensor, part: str) -> None:
    """Reject inputs that would give a meaningless result. Raises DataError or TrainingError."""
    if features.ndim != 2 or labels.shape != features.shape[:1] or not len(features):
        raise DataError(
            "features and labels do not match",
            where=part,
            got=f"features {tuple(features.shape)}, labels {tuple(labels.shape)}",
            allowed="features [n, d] and labels [n], n > 0",
        )
    if labels.is_floating_point() or labels.is_complex() or int(labels.min()) < 0:
        raise DataError(
            "labels must be class indices starting at 0",
            where=part,
            got=f"{labels.dtype} from {labels.min().item()}",
            hint="remove unlabelled items, or use spectrum@1, which needs no labels",
        )
    finite = features.isfinite()
    if not bool(finite.all()):
        share = 1 - float(finite.double().mean())
        items = int((~finite.all(dim=1)).sum())
        raise TrainingError(
            f"{share:.2%} of the features are not finite (NaN or infinite)",
            where=f"{part}: {items} of {len(features)} images are affected",
            hint="the encoder has diverged or overflows: evaluate in fp32; if that does not help, "
            "pretrain again with a lower optim.lr, a longer warmup or optim.clip",
        )
