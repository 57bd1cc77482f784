"""linear_sgd@1, linear_sgd@2: the papers' probe, SGD on augmented images; rate by validation.

solo-learn's protocol for ImageNet-100 (da Costa et al. 2022, arXiv 2108.01775; from its
configuration files): SGD with momentum 0.9 and no weight decay, batches of 256, 100 epochs, the
rate divided by 10 after 60 and 80; random resized crops and flips in training, none in testing. The
encoder is frozen, in evaluation mode, and features are not standardised. Unlike there, the rate is
chosen on held-out images, the last partial batch is used, and weights start at zero.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from datayield.evals.inputs import Inputs
from datayield.evals.linear import METRICS, validation_split
from datayield.evals.result import EvalResult, check, missing_classes, scores
from datayield.spec.errors import DataError
from datayield.spec.evaluation import SGD_EPOCHS, EvalSpec
from datayield.spec.run import ViewSpec

RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
BATCH = 256
MOMENTUM = 0.9
DROPS = (60, 80)  # epochs at which the rate is divided by 10
STREAM = 0x736764  # "sgd": a random stream separate from others with the same seed


def sgd_probe(spec: EvalSpec, inputs: Inputs) -> EvalResult:
    """Heads for all rates, on 80% and on all of train, trained on the same passes of features.

    The selected rate is the one whose 80% head does best on the other 20%, without augmentation;
    its head on all of train is tested once. Metrics as in linear@1, with `learning_rate` instead of
    the strength. `accuracy_best_epoch_on_test` is the highest of that head after any epoch, as a
    paper reports it that tests after each: optimistic, for no verdict. Raises
    DataError if train has only one class, or no class with two items.
    """
    assert inputs.train is not None
    assert inputs.views is not None
    (x, y), (x_test, y_test) = inputs.train, inputs.test
    classes, y = torch.unique(y, return_inverse=True)
    fitted, held = validation_split(y.numpy(), spec.seed)
    if len(classes) < 2 or not len(held):
        raise DataError(
            "choosing a rate needs training items of two classes, and two items of one class",
            where=f"evaluations.{spec.name}",
            got=f"{len(y)} items of {len(classes)} classes",
            hint="raise train_count, or choose another label",
        )
    trials, finals = (Heads.zeros(len(classes), x) for _ in range(2))
    everything = torch.arange(len(y))
    metric, names = METRICS[spec.main_metric], dict.fromkeys(("accuracy", spec.main_metric))
    by_epoch: dict[str, list[list[float]]] = {name: [] for name in names}  # of each rate
    for epoch in range(SGD_EPOCHS):
        seen = inputs.views(epoch)
        check(seen, y, part=f"evaluations.{spec.name}.train, augmented")
        for heads, mine in ((trials, fitted), (finals, everything)):
            run_epoch(heads, seen, y, mine, epoch, spec.seed)
        on_test = [classes[pred] for pred in finals.predict(x_test)]
        for name, scored in by_epoch.items():
            scored.append([METRICS[name](pred, y_test) for pred in on_test])
    on_held = trials.predict(x[held])
    validated = [metric(pred, y[held]) for pred in on_held]
    best = validated.index(max(validated))
    missing, notes = missing_classes(classes, y_test)
    metrics, intervals = scores(on_test[best], y_test, spec.seed)
    for name in names:
        metrics[f"{name}_val"] = METRICS[name](on_held[best], y[held])
        metrics[f"{name}_best_on_test"] = max(by_epoch[name][-1])
        metrics[f"{name}_best_epoch_on_test"] = max(scored[best] for scored in by_epoch[name])
    metrics |= {"learning_rate": RATES[best], "classes_missing_in_train": float(missing)}
    notes += (f"rate chosen on {len(held)} of {len(y)} train items", f"{SGD_EPOCHS} epochs")
    if best in (0, len(RATES) - 1):
        side = "smallest" if best == 0 else "largest"
        notes += (f"the {side} rate of the grid was chosen; the best may lie beyond it",)
    right = (on_test[best] == y_test)[None]
    return EvalResult(metrics, intervals, len(y), len(y_test), notes, right)


def probe_view(size: int) -> ViewSpec:
    """The augmentation of training images: a crop of 8 to 100% of the area, flipped or not."""
    return ViewSpec(size=size, jitter=0.0, grey=0.0)


class Heads(NamedTuple):
    """Linear classifiers, one per rate, stacked, with their momentum; updated in place."""

    weight: Tensor  # [R * K, d + 1], the bias last
    velocity: Tensor
    rates: Tensor  # [R]

    @classmethod
    def zeros(cls, classes: int, like: Tensor) -> "Heads":
        """All-zero heads for features like `like` [n, d]."""
        weight = like.new_zeros(len(RATES) * classes, like.shape[1] + 1)
        return cls(weight, torch.zeros_like(weight), like.new_tensor(RATES))

    def step(self, x: Tensor, y: Tensor, factor: float) -> None:
        """One step of SGD on the mean cross entropy of x [B, d], y [B], at `factor` of each rate.

        The velocity is momentum times itself plus the gradient, as in torch.optim.SGD.
        """
        x = with_bias(x)
        p = self._logits(x).softmax(dim=2)  # [B, R, K]
        p[torch.arange(len(y)), :, y] -= 1
        gradient = p.flatten(1).T @ x / len(y)
        self.velocity.mul_(MOMENTUM).add_(gradient)
        each = (factor * self.rates).repeat_interleave(p.shape[2])[:, None]
        self.weight.sub_(each * self.velocity)

    def predict(self, x: Tensor) -> Tensor:
        """Most likely classes [R, n] of the rows of `x` [n, d] under each head."""
        return self._logits(with_bias(x)).argmax(dim=2).T

    def _logits(self, x: Tensor) -> Tensor:
        return (x @ self.weight.T).view(len(x), len(self.rates), -1)


def with_bias(x: Tensor) -> Tensor:
    """[n, d] -> [n, d + 1], the last column 1."""
    return torch.cat([x, x.new_ones(len(x), 1)], dim=1)


def run_epoch(heads: Heads, x: Tensor, y: Tensor, mine: Tensor, epoch: int, seed: int) -> None:
    """Visit the items `mine` of x [n, d] and y [n] once, in an order given by (seed, epoch)."""
    rng = np.random.Generator(np.random.PCG64([STREAM, seed, epoch]))
    order = mine[torch.from_numpy(rng.permutation(len(mine)))]
    factor = 0.1 ** sum(epoch >= drop for drop in DROPS)
    for batch in torch.split(order, BATCH):
        heads.step(x[batch], y[batch], factor)
