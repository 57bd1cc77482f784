"""Least squares with non-negative coefficients, for many small problems at once."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_RIDGE = 1e-9  # of the trace: keeps equal columns apart


def nonnegative(columns: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Coefficients [D, k] >= 0 for `columns` [D, n, k] and `values` [D, n]; the squares left [D].

    Exact: the best of the unconstrained solutions of all sets of columns that has no negative
    coefficient. For a handful of columns, since there are 2^k sets.
    """
    gram = columns.transpose(0, 2, 1) @ columns
    moments = (columns.transpose(0, 2, 1) @ values[:, :, None])[:, :, 0]
    total = np.einsum("dn,dn->d", values, values)
    best, coefficients = total.copy(), np.zeros_like(moments)
    for chosen in product((False, True), repeat=columns.shape[2]):
        if not any(chosen):
            continue
        index = np.flatnonzero(chosen)
        small = gram[:, index][:, :, index]
        lift = _RIDGE * np.trace(small, axis1=1, axis2=2)[:, None, None] + 1e-300
        right = moments[:, index]
        solved = np.linalg.solve(small + lift * np.eye(len(index)), right[:, :, None])[:, :, 0]
        left = total - 2 * np.einsum("di,di->d", solved, right)
        left += np.einsum("di,dij,dj->d", solved, small, solved)
        better = (solved >= 0).all(axis=1) & (left < best)
        best = np.where(better, left, best)
        coefficients[better] = 0.0
        coefficients[np.ix_(np.flatnonzero(better), index)] = solved[better]
    return coefficients, np.maximum(best, 0.0)
