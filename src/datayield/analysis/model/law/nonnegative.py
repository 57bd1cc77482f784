"""Least squares with non-negative coefficients, for many small problems at once."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_RIDGE = 1e-9  # of the trace: keeps equal columns apart
_TIE = 1e-8  # of the squares: what rounding and the ridge may decide


def gram_of(columns: Floats) -> Floats:
    """The products of all pairs of `columns` [n, k, D], summed over n: [k, k, D]."""
    k = columns.shape[1]
    gram = np.empty((k, k, columns.shape[2]))
    for i in range(k):
        for j in range(i + 1):
            gram[i, j] = gram[j, i] = np.einsum("nd,nd->d", columns[:, i], columns[:, j])
    return gram


def nonnegative(columns: Floats, gram: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Coefficients [k, D] >= 0 for `columns` [n, k, D] and `values` [n, D]; the squares left [D].

    `gram`: of the columns (`gram_of`), which several values may share.

    Exact: the best of the unconstrained solutions of all sets of columns that has no negative
    coefficient; of equally good ones the smallest, and of as small ones that with the earlier
    columns. For a handful of columns, since there are 2^k sets. The D problems come last, so that
    each step is one operation on all of them.
    """
    k = columns.shape[1]
    moments = np.einsum("nid,nd->id", columns, values)
    best = np.einsum("nd,nd->d", values, values)
    total, coefficients = best, np.zeros_like(moments)
    for chosen in sorted(product((True, False), repeat=k), key=sum):
        index = np.flatnonzero(chosen)
        if not len(index):
            continue
        lift = _RIDGE * sum(gram[i, i] for i in index) + 1e-300
        solved = _solved(gram, moments, lift, index.tolist())
        # x'Gx - 2 x'm, where (G + lift) x = m
        left = total - sum(x * (moments[i] + lift * x) for i, x in zip(index, solved, strict=True))
        better = left < best - _TIE * total
        for x in solved:
            better &= x >= 0
        best = np.where(better, left, best)
        coefficients *= ~better
        for i, x in zip(index, solved, strict=True):
            np.copyto(coefficients[i], x, where=better)
    return coefficients, np.maximum(best, 0.0)


def _solved(gram: Floats, moments: Floats, lift: Floats, index: list[int]) -> list[Floats]:
    """The coefficients of the columns `index` alone, [D] each, by Gaussian elimination.

    `lift` [D] is added to the diagonal, which keeps every pivot positive.
    """
    rows = [[gram[i, j] + lift if i == j else gram[i, j] for j in index] for i in index]
    right = [moments[i] for i in index]
    for at, row in enumerate(rows):
        for below in range(at + 1, len(rows)):
            factor = rows[below][at] / row[at]
            right[below] = right[below] - factor * right[at]
            for j in range(at + 1, len(rows)):
                rows[below][j] = rows[below][j] - factor * row[j]
    for at in reversed(range(len(rows))):
        for j in range(at + 1, len(rows)):
            right[at] = right[at] - rows[at][j] * right[j]
        right[at] = right[at] / rows[at][at]
    return right
