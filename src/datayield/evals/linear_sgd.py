"""linear_sgd@1: the papers' linear probe, SGD on augmented images, its rate chosen on validation.

solo-learn's protocol for ImageNet-100 (da Costa et al. 2022, arXiv 2108.01775; facts of its
configurations): SGD with momentum 0.9 and no weight decay, batches of 256, 100 epochs, the rate
divided by 10 after 60 and 80; random resized crops and flips in training, none in testing. The
encoder is frozen, in evaluation mode, and features are taken as they come. Unlike there, the rate
is chosen on held-out images, a last small batch is used, and weights start at zero.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from datayield.evals.linear import METRICS, validation_split
from datayield.evals.result import Measured, check, missing_classes, scores
from datayield.spec.errors import DataError
from datayield.spec.evaluation import SGD_EPOCHS, EvalSpec
from datayield.spec.run import ViewSpec

RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
BATCH = 256
MOMENTUM = 0.9
DROPS = (60, 80)  # epochs from which the rate is a tenth of what it was
STREAM = 0x736764  # "sgd": keeps the order of batches apart from other draws of the same seed
Views = Callable[[int], Tensor]  # epoch -> features [n, d] of the training images, augmented


def sgd_probe(
    spec: EvalSpec, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor], views: Views
) -> Measured:
    """Heads of all rates on 80% of train and, beside them, on all of it, on one pass of features.

    The rate is that whose head on 80% does best on the other 20%, without augmentation; the head
    of that rate on all of train is tested once. `train`, `test`: features [n, d] without
    augmentation and class numbers [n]; `views(epoch)` are those of the same training images,
    augmented anew. Metrics as of linear@1, with `learning_rate` for the strength. Raises DataError
    where train has one class only, or no class with two items.
    """
    (x, y), (x_test, y_test) = train, test
    classes, y = torch.unique(y, return_inverse=True)
    fitted, held = validation_split(y.numpy(), spec.seed)
    if len(classes) < 2 or not len(held):
        raise DataError(
            "a learning rate cannot be chosen: at least two classes are needed, one with two items",
            where=f"evaluations.{spec.name}",
            got=f"{len(y)} items of {len(classes)} classes",
            hint="raise train_count, or choose another label",
        )
    trials, finals = (Heads.zeros(len(classes), x) for _ in range(2))
    everything = torch.arange(len(y))
    for epoch in range(SGD_EPOCHS):
        seen = views(epoch)
        check(seen, y, part=f"evaluations.{spec.name}.train, augmented")
        for heads, mine in ((trials, fitted), (finals, everything)):
            run_epoch(heads, seen, y, mine, epoch, spec.seed)
    metric = METRICS[spec.main_metric]
    on_held = trials.predict(x[held])
    validated = [metric(pred, y[held]) for pred in on_held]
    best = validated.index(max(validated))
    on_test = [classes[pred] for pred in finals.predict(x_test)]
    missing, notes = missing_classes(classes, y_test)
    metrics, intervals = scores(on_test[best], y_test, spec.seed)
    for name in dict.fromkeys(("accuracy", spec.main_metric)):
        metrics[f"{name}_val"] = METRICS[name](on_held[best], y[held])
        metrics[f"{name}_best_on_test"] = max(METRICS[name](pred, y_test) for pred in on_test)
    metrics |= {"learning_rate": RATES[best], "classes_missing_in_train": float(missing)}
    notes += (f"rate chosen on {len(held)} of {len(y)} train items", f"{SGD_EPOCHS} epochs")
    if best in (0, len(RATES) - 1):
        side = "smallest" if best == 0 else "largest"
        notes += (f"the {side} learning rate of the grid was chosen; the optimum may be outside",)
    return Measured(metrics, intervals, len(y), len(y_test), notes)


def probe_view(size: int) -> ViewSpec:
    """The augmentation of training images: a crop of 8 to 100% of the area, flipped or not."""
    return ViewSpec(size=size, jitter=0.0, grey=0.0)


class Heads(NamedTuple):
    """Linear classifiers, one per rate, side by side, with their momentum; changed in place."""

    weight: Tensor  # [R * K, d + 1], the bias last
    velocity: Tensor
    rates: Tensor  # [R]

    @classmethod
    def zeros(cls, classes: int, like: Tensor) -> "Heads":
        """Heads of all zeros for features such as `like` [n, d]."""
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
        """Likeliest classes [R, n] of the rows of `x` [n, d] by each head."""
        return self._logits(with_bias(x)).argmax(dim=2).T

    def _logits(self, x: Tensor) -> Tensor:
        return (x @ self.weight.T).view(len(x), len(self.rates), -1)


def with_bias(x: Tensor) -> Tensor:
    """[n, d] -> [n, d + 1], the last column 1."""
    return torch.cat([x, x.new_ones(len(x), 1)], dim=1)


def run_epoch(heads: Heads, x: Tensor, y: Tensor, mine: Tensor, epoch: int, seed: int) -> None:
    """Visit the items `mine` of x [n, d] and y [n] once, in an order that (seed, epoch) decides."""
    rng = np.random.Generator(np.random.PCG64([STREAM, seed, epoch]))
    order = mine[torch.from_numpy(rng.permutation(len(mine)))]
    factor = 0.1 ** sum(epoch >= drop for drop in DROPS)
    for batch in torch.split(order, BATCH):
        heads.step(x[batch], y[batch], factor)
