"""Nearest in turn: each target takes the nearest image that no other has taken."""

import numpy as np
from numpy.typing import NDArray


def nearest_in_turn(
    x: NDArray[np.float32],
    targets: NDArray[np.float32],
    count: int,
    taken: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """`count` different rows of `x` [n, d], by the inner product with `targets` [t, d] in turn.

    After the last target it is the first one's turn again. O(n d) for each row, and a smaller count
    is a prefix of a larger one; `taken` are the first rows of an earlier, shorter order, kept as
    they are. Unlike the rows nearest on average, which are much alike, they are spread as the
    targets are. Raises ValueError for no targets.
    """
    if not len(targets):
        raise ValueError("nearest_in_turn needs a target")
    kept = np.zeros(0, np.int64) if taken is None else taken[:count]
    free = np.zeros(len(x), np.float32)  # -inf: taken
    free[kept] = -np.inf
    order = np.empty(min(count, len(x)), np.int64)
    order[: len(kept)] = kept
    for i in range(len(kept), len(order)):
        order[i] = int((x @ targets[i % len(targets)] + free).argmax())
        free[order[i]] = -np.inf
    return order
