"""Which images an evaluation uses."""

import numpy as np

from datayield.spec.errors import DataError


def sample_items(labels: np.ndarray, count: int | None, seed: int) -> np.ndarray:
    """Positions [count] of an evaluation's images among the n with `labels` [n].

    A prefix of a permutation of all n that depends only on `seed`, so smaller samples are nested;
    None takes all, in that order. Raises DataError for no labels, or if there are fewer images.
    """
    n = len(labels)
    if not n:
        raise DataError("no labelled images to evaluate", hint="choose another split or label")
    if count is not None and not 0 < count <= n:
        raise DataError(
            f"the evaluation's split has {n} images",
            where="evaluations: train_count, test_count",
            got=count,
            allowed=f"1 to {n}",
            hint="use a smaller count, or omit it to use all",
        )
    order = np.random.Generator(np.random.PCG64(seed)).permutation(n)
    return order[:count].astype(np.int64)
