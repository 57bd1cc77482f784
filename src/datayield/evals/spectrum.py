"""spectrum@1: how many dimensions the features fill. Needs no labels and no training items."""

import numpy as np
import torch

from datayield.evals.inputs import Inputs
from datayield.evals.result import EvalResult
from datayield.maths.spectrum import effective_rank, feature_std
from datayield.spec.evaluation import EvalSpec

ITEMS = 10_000  # more items change the rank little but take much more time
ENOUGH = 5  # items per dimension below which the rank mostly reflects the sample size


def feature_spectrum(spec: EvalSpec, inputs: Inputs) -> EvalResult:
    """Effective rank (centred) and feature_std of the test features [n, d].

    At most 10,000 items, a random subset given by the seed.
    """
    x, total = inputs.test[0], len(inputs.test[0])
    if total > ITEMS:
        rng = np.random.Generator(np.random.PCG64(spec.seed))
        x = x[torch.from_numpy(np.sort(rng.permutation(total)[:ITEMS]))]
    n, d = x.shape
    notes: tuple[str, ...] = (f"{n} of {total} test items, features centred",)
    if n < ENOUGH * d:
        notes += (f"{n} items for {d} dimensions: the rank is bounded by the sample",)
    metrics = {
        "effective_rank": effective_rank(x),
        "feature_std": feature_std(x),
        "n": float(n),
        "d": float(d),
    }
    return EvalResult(metrics, {}, 0, total, notes)
