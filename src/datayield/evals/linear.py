"""linear@1: a linear classifier on frozen features, its L2 strength chosen on validation items."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from datayield.evals.inputs import Inputs
from datayield.evals.logistic import LogisticFit, regularisation_path
from datayield.evals.result import EvalResult, missing_classes, scores
from datayield.evals.whitening import fit_whitening
from datayield.maths.metrics import accuracy, balanced_accuracy
from datayield.spec.errors import DataError
from datayield.spec.evaluation import EvalSpec

# 10 to 1e-4, two per decade. `logistic` defines strength, and its relation to scikit-learn's C.
# Accuracy is flat below: separable classes fit equally well, and the weakest take most time.
STRENGTHS = tuple(10 ** (1 - i / 2) for i in range(11))
METRICS: dict[str, Callable[[Tensor, Tensor], float]] = {
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
}
FOLDS = 5  # one fold of five is the validation split


def linear_probe(spec: EvalSpec, inputs: Inputs) -> EvalResult:
    """Fit on 80% of train, choose the strength on the other 20%, refit on all, test once.

    Features are standardised with the statistics of train. `strength` is the most accurate on
    validation, with ties broken by cross entropy. `accuracy_val` is its accuracy there.
    `accuracy_best_on_test` is the largest accuracy of any strength on the test items: what tuning
    on test would have reported. With another main metric, that one selects, and both are reported
    for it too.
    Raises DataError if train has only one class, or no class with two items.
    """
    train = inputs.train
    assert train is not None
    fitted, held = validation_split(train[1].numpy(), spec.seed)
    if len(torch.unique(train[1])) > 1 and not len(held):
        raise DataError(
            "no class has two training items, so no validation set can be held out",
            where=f"evaluations.{spec.name}.train_count",
            got=f"{len(train[1])} items of {len(torch.unique(train[1]))} classes",
            hint="raise train_count to several times the number of classes",
        )
    return choose_and_refit(spec, train, fitted, held, inputs.test)


def choose_and_refit(
    spec: EvalSpec,
    train: tuple[Tensor, Tensor],
    fitted: Tensor,
    held: Tensor,
    test: tuple[Tensor, Tensor],
) -> EvalResult:
    """Fit on the items `fitted` of train, choose on `held`, refit on all, test once.

    A held-out item whose class was not fitted counts as wrong. Raises DataError for one class.
    """
    (x, y), (x_test, y_test) = train, test
    classes, y = torch.unique(y, return_inverse=True)
    known, y_fitted = torch.unique(y[fitted], return_inverse=True)
    if len(known) < 2:
        raise DataError(
            "a classifier needs training items of at least two classes",
            where=f"evaluations.{spec.name}",
            got=f"{len(y)} items of {len(classes)} class",
            hint="raise train_count, or choose another label",
        )
    axes = fit_whitening(x)
    z, z_test = axes(x), axes(x_test)
    trials = regularisation_path(z[fitted], y_fitted, axes.variance, STRENGTHS)
    metric = METRICS[spec.main_metric]
    validated = [validate(fit, z[held], y[held], known, metric) for fit in trials]
    best = validated.index(max(validated))
    near = trials if len(known) == len(classes) else None
    refits = regularisation_path(z, y, axes.variance, STRENGTHS, near)
    on_test = [classes[predict(fit, z_test)] for fit in refits]
    missing, notes = missing_classes(classes, y_test)
    metrics, intervals = scores(on_test[best], y_test, spec.seed)
    on_held = known[predict(trials[best], z[held])]
    for name in dict.fromkeys(("accuracy", spec.main_metric)):
        metrics[f"{name}_val"] = METRICS[name](on_held, y[held])
        metrics[f"{name}_best_on_test"] = max(METRICS[name](pred, y_test) for pred in on_test)
    metrics |= {"strength": STRENGTHS[best], "classes_missing_in_train": float(missing)}
    notes += (f"strength chosen on {len(held)} of {len(y)} train items",)
    right = (on_test[best] == y_test)[None]
    notes += _warnings(best, refits)
    return EvalResult(metrics, intervals, len(y), len(y_test), notes, right)


def validation_split(labels: np.ndarray, seed: int) -> tuple[Tensor, Tensor]:
    """Positions for fitting and for validation: a stratified fifth, given labels and `seed`.

    Items are sorted by class, shuffled within, and every fifth is held out, so each class gives a
    fifth of its items, rounded down or up, and keeps at least one. A class with a single item
    gives none.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    order = np.lexsort((rng.permutation(len(labels)), labels))
    spare = order[np.bincount(labels)[labels[order]] > 1]
    held = np.sort(spare[rng.integers(FOLDS) % max(1, len(spare)) :: FOLDS])
    rest = np.setdiff1d(np.arange(len(labels)), held)
    return torch.from_numpy(rest), torch.from_numpy(held)


def predict(fit: LogisticFit, z: Tensor) -> Tensor:
    """The most likely class, 0 to K - 1, of each row of `z` [n, r + 1]."""
    return (z @ fit.weight.T).argmax(dim=1)


def validate(
    fit: LogisticFit, z: Tensor, y: Tensor, known: Tensor, metric: Callable[[Tensor, Tensor], float]
) -> tuple[float, float]:
    """The metric, and minus the cross entropy over items of `known` classes: larger is better.

    `fit` predicts indices into `known` [K]; `y` holds numbers among all classes.
    """
    place = torch.searchsorted(known, y).clamp(max=len(known) - 1)
    told = known[place] == y
    loss = torch.nn.functional.cross_entropy(z[told] @ fit.weight.T, place[told])
    return metric(known[predict(fit, z)], y), -float(loss) if bool(told.any()) else 0.0


def _warnings(best: int, refits: list[LogisticFit]) -> tuple[str, ...]:
    notes = []
    if best in (0, len(STRENGTHS) - 1):
        side = "strongest" if best == 0 else "weakest"
        notes.append(f"the {side} strength of the grid was chosen; the optimum may be outside")
    if short := [fit.strength for fit in refits if not fit.converged]:
        notes.append(f"not solved to tolerance at strengths {', '.join(f'{s:.2g}' for s in short)}")
    return tuple(notes)
