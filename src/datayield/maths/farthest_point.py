"""Farthest-point order: each image is the one farthest from all that were taken before it."""

import numpy as np
from numpy.typing import NDArray


def farthest_point_order(
    x: NDArray[np.float32], count: int, first: int = 0, taken: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """`count` different rows of `x` [n, d], from row `first` on; O(n d) each, in constant memory.

    Gonzalez 1985 (Theoretical Computer Science 38): the largest distance of a row to the nearest
    one taken is at most twice that of the best choice of as many. A smaller count is a prefix of a
    larger one; `taken` are the first rows of an earlier, shorter order, kept as they are. Of rows
    that are equally far the first is taken, of copies only one until nothing else is left.
    """
    squares = np.einsum("nd,nd->n", x, x)
    nearest = np.full(len(x), np.inf, np.float32)  # squared distance to the nearest one taken
    kept = np.zeros(0, np.int64) if taken is None else taken[:count]
    order = np.empty(min(count, len(x)), np.int64)
    row = first
    for i in range(len(order)):
        row = int(kept[i]) if i < len(kept) else row
        order[i] = row
        apart = squares - 2 * (x @ x[row]) + squares[row]
        np.minimum(nearest, np.maximum(apart, 0), out=nearest)
        nearest[row] = -1  # below every other: never taken again
        row = int(nearest.argmax())
    return order
