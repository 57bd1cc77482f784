"""vtab@1: the protocol of VTAB-1k, on frozen features: 800 to fit, 200 to choose, 1,000 to refit.

Zhai et al. 2019 (arXiv 1910.04867), section 3. The classifier is that of linear@1; images are
squashed to a square and not augmented, and are normalised as everywhere here, by ImageNet's
statistics.
"""

import numpy as np
import torch
from torch import Tensor

from datayield.evals.linear import chosen
from datayield.evals.result import Measured, missing_classes
from datayield.spec.errors import DataError
from datayield.spec.evaluation import EvalSpec

HELD = 5  # one of five training items, where no split is given for choices
USUAL = 1000  # training items in all


def task_probe(
    spec: EvalSpec,
    train: tuple[Tensor, Tensor],
    val: tuple[Tensor, Tensor] | None,
    test: tuple[Tensor, Tensor],
) -> Measured:
    """Fit on train, choose the strength on val, refit on both, test once.

    Each: features [n, d] and class numbers [n]. Without `val` a random fifth of train, whatever
    its labels, decided by the seed, takes its place. Metrics are those of linear@1, and
    `classes_missing_in_test`. Raises DataError as linear@1 does, or for too few items.
    """
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
            "too few training items for a validation set",
            where=f"evaluations.{spec.name}.train_count",
            got=len(y),
            allowed=f"{HELD} or more",
        )
    found = chosen(spec, (x, y), fitted, held, test)
    absent, _ = missing_classes(test[1], y)
    found.metrics["classes_missing_in_test"] = float(absent)
    notes = found.notes
    if len(y) != USUAL:
        notes += (f"{len(y)} training items, not {USUAL:,}",)
    return found._replace(notes=notes)
