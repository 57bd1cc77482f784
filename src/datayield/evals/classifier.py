"""The classifier of linear@1 as a function of features, for images whose labels are not known."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from datayield.data.source import Labels
from datayield.evals.linear import METRICS, STRENGTHS, validate, validation_split
from datayield.evals.logistic import LogisticFit, regularisation_path
from datayield.evals.whitening import Whitening, fit_whitening
from datayield.spec.errors import DataError
from datayield.spec.evaluation import Metric

FeatureTable = NDArray[np.float32]


class Classifier(NamedTuple):
    """A linear classifier of features; `classes` [K] ascending are those it was fitted to."""

    classes: Labels
    axes: Whitening
    fit: LogisticFit

    def probabilities(self, x: FeatureTable) -> NDArray[np.float64]:
        """[n, K] of features [n, d]; rows sum to one."""
        logits = self.axes(torch.from_numpy(x)) @ self.fit.weight.T
        likely: NDArray[np.float64] = logits.double().softmax(dim=1).numpy()
        return likely

    def score(self, x: FeatureTable, y: Labels, metric: Metric) -> float:
        """The metric, 0 to 1, on features [n, d] of classes [n]."""
        predicted = self.classes[self.probabilities(x).argmax(axis=1)]
        return METRICS[metric](torch.from_numpy(predicted), torch.from_numpy(y))


def fit_classifier(x: FeatureTable, y: Labels, metric: Metric, seed: int) -> Classifier:
    """Fit to features [n, d] of classes [n], as linear@1 does: its strength chosen on a fifth.

    Raises DataError for fewer than two classes, or for no class with two items.
    """
    features = torch.from_numpy(x)
    classes, numbers = np.unique(y, return_inverse=True)
    target = torch.from_numpy(numbers.astype(np.int64))
    fitted, held = validation_split(numbers, seed)
    known, of_fitted = torch.unique(target[fitted], return_inverse=True)
    if len(known) < 2 or not len(held):
        raise DataError(
            "a classifier needs items of two classes, and a class with two of them",
            got=f"{len(y)} items of {len(classes)} class{'es' if len(classes) != 1 else ''}",
            hint="label more images",
        )
    axes = fit_whitening(features)
    z = axes(features)
    trials = regularisation_path(z[fitted], of_fitted, axes.variance, STRENGTHS)
    chosen = [validate(fit, z[held], target[held], known, METRICS[metric]) for fit in trials]
    best = chosen.index(max(chosen))
    path = regularisation_path(z, target, axes.variance, STRENGTHS[: best + 1])
    return Classifier(classes.astype(np.int64), axes, path[-1])


def margins(likely: NDArray[np.float64]) -> NDArray[np.float64]:
    """[n]: the largest less the second largest of the probabilities [n, K]; small is unsure."""
    two = np.sort(likely, axis=1)[:, -2:]
    apart: NDArray[np.float64] = two[:, 1] - two[:, 0]
    return apart
