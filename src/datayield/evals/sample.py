"""Which images an evaluation uses."""

import numpy as np

from datayield.spec.errors import DataError


def items(labels: np.ndarray, count: int | None, seed: int) -> np.ndarray:
    """Positions [count] of an evaluation's images among those that `labels` [n] tells apart.

    A prefix of a permutation of all n that `seed` alone decides, so fewer images are among more;
    None takes all, in that order. Raises DataError for no labels, or more images than there are.
    """
    n = len(labels)
    if not n:
        raise DataError("no labelled images to evaluate on", hint="choose another split or label")
    if count is not None and not 0 < count <= n:
        raise DataError(
            f"the evaluation's split has {n} images",
            where="evaluations: train_count, test_count",
            got=count,
            allowed=f"1 to {n}",
            hint="request fewer, or omit the count to use all",
        )
    order = np.random.Generator(np.random.PCG64(seed)).permutation(n)
    return order[:count].astype(np.int64)
