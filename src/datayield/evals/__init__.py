"""Evaluations of frozen features, and of encoders by training them; none touches files."""

from collections.abc import Callable

import torch

from datayield.evals.augmentation import sampled_spectrum
from datayield.evals.finetune import finetune
from datayield.evals.folds import FoldPlaces, over_folds
from datayield.evals.inputs import Inputs, Items, Views
from datayield.evals.knn import nearest_neighbours
from datayield.evals.label_fractions import mean_over_draws
from datayield.evals.linear import linear_probe
from datayield.evals.linear_sgd import sgd_probe
from datayield.evals.result import EvalResult, check
from datayield.evals.segment import segment
from datayield.evals.spectrum import feature_spectrum
from datayield.evals.state import Space, representation_state
from datayield.evals.training import LabelledImages
from datayield.evals.vtab import task_probe
from datayield.nets.encoder import Encoder
from datayield.spec.errors import ConfigError
from datayield.spec.evaluation import EvalSpec

__all__ = [
    "OF_FEATURES",
    "OF_IMAGES",
    "OF_VIEWS",
    "EvalResult",
    "Inputs",
    "Items",
    "LabelledImages",
    "Space",
    "Views",
    "evaluate",
    "evaluate_folds",
    "evaluate_views",
    "tune",
]

# The functions of the protocols, by their inputs (see their table in spec.evaluation).
OF_FEATURES: dict[str, Callable[[EvalSpec, Inputs], EvalResult]] = {
    "linear@1": linear_probe,
    "linear_sgd@1": sgd_probe,
    "linear_sgd@2": sgd_probe,
    "knn@1": nearest_neighbours,
    "vtab@1": task_probe,
    "spectrum@1": feature_spectrum,
}
OF_VIEWS: dict[str, Callable[[EvalSpec, Space, Space | None], EvalResult]] = {
    "state@1": representation_state,
    "augmentation_spectrum@1": sampled_spectrum,
}
OF_IMAGES: dict[
    str, Callable[[EvalSpec, Encoder, LabelledImages, LabelledImages, torch.device], EvalResult]
] = {
    "finetune@1": finetune,
    "segment@1": segment,
    "segment@2": segment,
}


def evaluate(
    spec: EvalSpec,
    train: Items | None,
    test: Items,
    *,
    val: Items | None = None,
    views: Views | None = None,
) -> EvalResult:
    """Measure features by the protocol of `spec`: a pure function of its arguments.

    `val`: validation items, if the spec names a split for them. `views`: see `Views`, for
    protocols that need them. No prediction or choice depends on the labels of `test`. Raises
    ConfigError if train and test are the same images, DataError if features and labels do not match
    or cannot be learned from, TrainingError for non-finite features.
    """
    where = f"evaluations.{spec.name}"
    check(*test, part=f"{where}.test")
    protocol = OF_FEATURES[spec.protocol]
    if not spec.traits.needs_labels:
        return protocol(spec, Inputs(test))
    if train is None or spec.train == spec.test:
        raise ConfigError(
            f"{spec.protocol} needs training items that differ from its test items",
            where=f"{where}.train",
            got=None if train is None else spec.train,
            hint="use two different splits of the dataset",
        )
    check(*train, part=f"{where}.train")
    if val is not None:
        check(*val, part=f"{where}.val")
    inputs = Inputs(test, train, val, views)
    return (
        mean_over_draws(spec, inputs, protocol)
        if spec.uses_label_fraction
        else protocol(spec, inputs)
    )


def evaluate_folds(spec: EvalSpec, items: Items, parts: FoldPlaces) -> EvalResult:
    """Test each fold of `items` by the protocol of `spec`, trained on others: see `over_folds`.

    Raises like `evaluate`.
    """
    check(*items, part=f"evaluations.{spec.name}.train")
    return over_folds(spec, items, parts, OF_FEATURES[spec.protocol])


def tune(
    spec: EvalSpec,
    encoder: Encoder,
    train: LabelledImages,
    test: LabelledImages,
    device: torch.device,
) -> EvalResult:
    """Train `encoder`, on `device`, by the protocol of `spec`, and test it once.

    Modifies the encoder. Only the scores depend on the labels of `test`. Raises DataError for
    labels that cannot be learned from, TrainingError if the training diverges.
    """
    return OF_IMAGES[spec.protocol](spec, encoder, train, test, device)


def evaluate_views(spec: EvalSpec, features: Space, projections: Space | None) -> EvalResult:
    """Measure features, and projections if any, of images and of their views.

    Raises TrainingError for non-finite features.
    """
    for name, space in (("features", features), ("projections", projections)):
        for x in (space.items, space.views.flatten(0, 1)) if space else ():
            check(x, torch.zeros(len(x), dtype=torch.long), f"evaluations.{spec.name}.{name}")
    return OF_VIEWS[spec.protocol](spec, features, projections)
