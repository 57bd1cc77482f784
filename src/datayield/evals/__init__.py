"""Evaluations of frozen features, and of encoders by training them: they know no path."""

from collections.abc import Callable

import torch
from torch import Tensor

from datayield.evals.augmentation import sampled_spectrum
from datayield.evals.finetune import finetune
from datayield.evals.knn import nearest_neighbours
from datayield.evals.label_fractions import over_draws
from datayield.evals.linear import linear_probe
from datayield.evals.linear_sgd import Views, sgd_probe
from datayield.evals.result import Measured, check
from datayield.evals.segment import segment
from datayield.evals.spectrum import feature_spectrum
from datayield.evals.state import Space, representation_state
from datayield.evals.training import Shown
from datayield.evals.vtab import task_probe
from datayield.nets.encoder import Encoder
from datayield.spec.errors import ConfigError
from datayield.spec.evaluation import LABEL_FREE, EvalSpec, Protocol

__all__ = [
    "PROTOCOLS",
    "TUNING",
    "VIEW_PROTOCOLS",
    "Items",
    "Measured",
    "Shown",
    "Space",
    "Views",
    "evaluate",
    "evaluate_views",
    "needs_train",
    "needs_views",
    "tune",
]

Items = tuple[Tensor, Tensor]  # features [n, d] and class numbers [n]
# Those that see nothing but features of the training and test images, each image once.
PROTOCOLS: dict[Protocol, Callable[[EvalSpec, Items | None, Items], Measured]] = {
    "linear@1": linear_probe,
    "knn@1": nearest_neighbours,
    "spectrum@1": feature_spectrum,
}
TUNING: dict[Protocol, Callable[[EvalSpec, Encoder, Shown, Shown, torch.device], Measured]] = {
    "finetune@1": finetune,
    "segment@1": segment,
}
# How many images, and views of each, and what is made of them.
Judge = Callable[[EvalSpec, Space, Space | None], Measured]
VIEW_PROTOCOLS: dict[Protocol, tuple[int, int, Judge]] = {
    "state@1": (1000, 10, representation_state),
    "augmentation_spectrum@1": (256, 64, sampled_spectrum),
}


def needs_train(protocol: Protocol) -> bool:
    """Whether the protocol learns from labelled training items."""
    return protocol not in LABEL_FREE


def needs_views(protocol: Protocol) -> bool:
    """Whether the protocol wants features of augmented training images, new ones each epoch."""
    return protocol == "linear_sgd@1"


def evaluate(
    spec: EvalSpec,
    train: Items | None,
    test: Items,
    *,
    val: Items | None = None,
    views: Views | None = None,
) -> Measured:
    """Measure features by the protocol of `spec`: a pure function of its arguments.

    `val`: items to choose by, of a spec that names a split for them. `views`: see `Views`, for
    protocols that need them. No prediction or choice depends on the labels of `test`. Raises
    ConfigError where train and test are the same images, DataError for features and labels that do
    not fit together or cannot be learned from, TrainingError for features that are not finite.
    """
    where = f"evaluations.{spec.name}"
    check(*test, part=f"{where}.test")
    if not needs_train(spec.protocol):
        return PROTOCOLS[spec.protocol](spec, train, test)
    if train is None or spec.train == spec.test:
        raise ConfigError(
            f"{spec.protocol} needs training items that are not test items",
            where=f"{where}.train",
            got=None if train is None else spec.train,
            hint="use two different splits of the dataset",
        )
    check(*train, part=f"{where}.train")
    if val is not None:
        check(*val, part=f"{where}.val")
    if spec.protocol == "vtab@1":
        return task_probe(spec, train, val, test)
    if spec.protocol == "linear_sgd@1":
        assert views is not None
        return sgd_probe(spec, train, test, views)
    if spec.few_labels:
        return over_draws(spec, train, test, PROTOCOLS[spec.protocol])
    return PROTOCOLS[spec.protocol](spec, train, test)


def tune(
    spec: EvalSpec, encoder: Encoder, train: Shown, test: Shown, device: torch.device
) -> Measured:
    """Train `encoder`, which is on `device`, by the protocol of `spec`, and test it once.

    Consumes the encoder. Nothing depends on the labels of `test` but the scores. Raises DataError
    for labels that cannot be learned from, TrainingError where the training diverges.
    """
    return TUNING[spec.protocol](spec, encoder, train, test, device)


def evaluate_views(spec: EvalSpec, features: Space, projections: Space | None) -> Measured:
    """Measure features, and projections where there are any, of images and of their views.

    Raises TrainingError for features that are not finite.
    """
    for name, space in (("features", features), ("projections", projections)):
        for x in (space.items, space.views.flatten(0, 1)) if space else ():
            check(x, torch.zeros(len(x), dtype=torch.long), f"evaluations.{spec.name}.{name}")
    return VIEW_PROTOCOLS[spec.protocol][2](spec, features, projections)
