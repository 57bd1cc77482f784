"""vtab@1: the protocol of VTAB-1k, on frozen features: 800 to fit, 200 to choose, 1,000 to refit.

Zhai et al. 2019 (arXiv 1910.04867), section 3. The classifier is that of linear@1; images are
squashed to a square and not augmented, and are normalised as everywhere here, by ImageNet's
statistics.
"""

import numpy as np
import torch

from datayield.evals.inputs import Inputs
from datayield.evals.linear import choose_and_refit
from datayield.evals.result import EvalResult, missing_classes
from datayield.spec.errors import DataError
from datayield.spec.evaluation import EvalSpec

HELD = 5  # one of five training items, if there is no validation split
USUAL = 1000  # training items in all


def task_probe(spec: EvalSpec, inputs: Inputs) -> EvalResult:
    """Fit on train, choose the strength on val, refit on both, test once.

    Without `val`, a random fifth of train, independent of labels and given by the seed, is used.
    Metrics are those of linear@1 and `classes_missing_in_test`. Raises DataError like linear@1, or
    for too few items.
    """
    train, val, test = inputs.train, inputs.val, inputs.test
    assert train is not None
    if val is None:
        x, y = train
        order = torch.from_numpy(
            np.random.Generator(np.random.PCG64(spec.seed)).permutation(len(y))
        )
        held, fitted = (
            part.sort().values for part in (order[: len(y) // HELD], order[len(y) // HELD :])
        )
    else:
        x, y = (torch.cat(pair) for pair in zip(train, val, strict=True))
        positions = torch.arange(len(y))
        fitted, held = positions[: len(train[1])], positions[len(train[1]) :]
    if not len(held):
        raise DataError(
            "too few training items to hold out a validation part",
            where=f"evaluations.{spec.name}.train_count",
            got=len(y),
            allowed=f"{HELD} or more",
        )
    result = choose_and_refit(spec, (x, y), fitted, held, test)
    absent, _ = missing_classes(test[1], y)
    result.metrics["classes_missing_in_test"] = float(absent)
    notes = result.notes
    if len(y) != USUAL:
        notes += (f"{len(y)} training items, not {USUAL:,}",)
    return result._replace(notes=notes)
