"""Which images an evaluation uses."""

import numpy as np

from datayield.data.content import Digests, ranked
from datayield.spec.errors import DataError


def sample_items(
    labels: np.ndarray, count: int | None, seed: int, content: Digests | None = None
) -> np.ndarray:
    """Positions [count] of an evaluation's images among the n with `labels` [n].

    A prefix of an order of all n that depends on `seed` and on the images' `content` (None: on
    their positions), so smaller samples are nested and survive additions; a count of None takes
    all, in that order. Raises DataError for no labels, or if there are fewer images.
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
    if content is not None:
        return ranked(content, seed)[:count]
    order = np.random.Generator(np.random.PCG64(seed)).permutation(n)
    return order[:count].astype(np.int64)
