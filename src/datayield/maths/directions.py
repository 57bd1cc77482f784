"""Features as directions from a common centre, in few dimensions: what images are compared by."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCK = 8192  # rows converted at once


class Directions(NamedTuple):
    """The centre [d] of a pool's features and their main axes [d, k], as directions from it."""

    centre: NDArray[np.float64]
    axes: NDArray[np.float64]

    def of(self, features: NDArray[np.floating]) -> NDArray[np.float32]:
        """[n, k], of norm 1 (less by what the other axes hold; 0 at the centre) of [n, d]."""
        rows = [
            (_unit(features[start : start + BLOCK], self.centre) @ self.axes).astype(np.float32)
            for start in range(0, len(features), BLOCK)
        ]
        return np.concatenate(rows)


def directions(features: NDArray[np.floating], most: int) -> Directions:
    """Centre and the `most` main axes, or all d, of `features` [n, d], in float64.

    Lengths are dropped, so that no image is far from all others by its contrast alone.
    """
    centre = features.mean(axis=0, dtype=np.float64)
    d = features.shape[1]
    moments = np.zeros((d, d))
    for start in range(0, len(features), BLOCK):
        unit = _unit(features[start : start + BLOCK], centre)
        moments += unit.T @ unit
    if most >= d:
        return Directions(centre, np.eye(d))
    values, vectors = np.linalg.eigh(moments)
    return Directions(centre, vectors[:, np.argsort(-values, kind="stable")[:most]])


def _unit(rows: NDArray[np.floating], centre: NDArray[np.float64]) -> NDArray[np.float64]:
    moved = rows.astype(np.float64) - centre
    norms = np.linalg.norm(moved, axis=1, keepdims=True)
    unit: NDArray[np.float64] = moved / np.maximum(norms, 1e-12)
    return unit
