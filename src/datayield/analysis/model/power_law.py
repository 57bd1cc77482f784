"""The law e(N) = a + b N^-c, solved for many data vectors at once.

Given c the law is linear in (a, b), so c alone is searched (variable projection, Golub & Pereyra
1973): every c of a grid is a start, each is solved exactly under a >= 0 and b >= 0, and the best
is refined. It cannot miss a start or stop early, the two common failures of such fits
(Besiroglu et al. 2024, arXiv 2404.10102).
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
C_BOUNDS = (0.02, 2.0)
_GRID, _ZOOM, _ROUNDS = 41, 9, 3
HUBER = 1.345  # standard deviations beyond which a residual is bounded: 95% efficient if normal
_ENOUGH = 8  # points; with fewer, bounding residuals treats signal as an outlier (seen with 6)


class Law(NamedTuple):
    """Parameters of D fits, each an array [D]; b is that of (N / scale)^-c."""

    a: Array
    b: Array
    c: Array
    scale: float

    def error(self, n: Array) -> Array:
        """The error at sizes [M], for each fit: [D, M]."""
        u = np.asarray(n, float)[None, :] / self.scale
        return self.a[:, None] + self.b[:, None] * u ** -self.c[:, None]

    @property
    def b_per_image(self) -> Array:
        """b of the unscaled law, with N in images."""
        return np.asarray(self.b * self.scale**self.c)


def fit(n: Array, errors: Array, weights: Array) -> Law:
    """Least squares of `errors` [D, K] at sizes `n` [K] under `weights` [D, K]."""
    scale = float(np.exp(np.log(n).mean()))
    u = n / scale
    c = np.geomspace(*C_BOUNDS, _GRID)[None, :]
    factor = (C_BOUNDS[1] / C_BOUNDS[0]) ** (1 / (_GRID - 1))
    rows = np.arange(len(errors))
    for _ in range(_ROUNDS + 1):
        a, b, loss = _solve(u[None, None, :] ** -c[:, :, None], errors, weights)
        best = loss.argmin(axis=1)
        near = np.broadcast_to(c, loss.shape)[rows, best]
        result = Law(a[rows, best], b[rows, best], near, scale)
        zoom = np.geomspace(1 / factor, factor, _ZOOM)
        c = np.clip(near[:, None] * zoom[None, :], *C_BOUNDS)
        factor **= 2 / (_ZOOM - 1)
    return result


def fit_robust(sizes: Array, cell: NDArray[np.intp], errors: Array, rounds: int = 2) -> Law:
    """Huber fit of points: `errors` [D, P], point p measured at `sizes[cell[p]]`.

    Reweighted least squares on the weighted means of the cells, which are sufficient for least
    squares. With few points the weights stay 1.
    """
    cells = np.eye(len(sizes))[cell]  # [P, K]
    weights, spare = np.ones_like(errors), np.empty_like(errors)
    for i in range(rounds + 1):
        total = weights @ cells
        law = fit(sizes, np.multiply(weights, errors, out=spare) @ cells / total, total)
        if errors.shape[1] < _ENOUGH or i == rounds:
            break
        residual = np.subtract(errors, law.error(sizes)[:, cell], out=spare)
        np.abs(residual, out=residual)
        spread = np.maximum(_medians(residual) / 0.6745, 1e-6)
        np.divide(HUBER * spread, np.maximum(residual, 1e-12, out=residual), out=weights)
        np.minimum(1.0, weights, out=weights)
    return law


def _medians(x: Array) -> Array:
    """Median of each row, [D, 1]: sorting short rows takes a tenth of the time of np.median."""
    ordered, half = np.sort(x, axis=1), x.shape[1] // 2
    low = half - 1 + x.shape[1] % 2
    return np.asarray((ordered[:, low, None] + ordered[:, half, None]) / 2)


def _solve(phi: Array, y: Array, w: Array) -> tuple[Array, Array, Array]:
    """Best (a, b) >= 0 and the loss, each [D, C], for bases `phi` [D or 1, C, K]."""
    wy = w * y
    total, first = w.sum(axis=1, keepdims=True), wy.sum(axis=1, keepdims=True)  # [D, 1]
    p, pp, py = _sums(phi, w), _sums(phi**2, w), _sums(phi, wy)  # [D, C]
    # in place from here on: allocating arrays of this size costs more than the sums
    b = total * py
    b -= p * first
    spare = total * pp
    spare -= p**2
    b /= np.maximum(spare, 1e-300, out=spare)
    a = first - np.multiply(b, p, out=spare)
    a /= total
    rises, below = b < 0, a < 0  # each is clipped to its bound
    np.copyto(b, np.divide(py, pp, out=spare), where=below)
    np.maximum(a, 0, out=a)
    np.copyto(b, 0.0, where=rises)
    np.copyto(a, first / total, where=rises)
    loss = a * first
    loss += np.multiply(b, py, out=spare)
    loss *= -2
    loss += (wy * y).sum(axis=1, keepdims=True)
    for part in ((a, a, total), (2, a, b, p), (b, b, pp)):
        np.multiply(part[0], part[1], out=spare)
        for factor in part[2:]:
            spare *= factor
        loss += spare
    return a, b, loss


def _sums(phi: Array, x: Array) -> Array:
    """Sums over K of `phi` [D or 1, C, K] times `x` [D, K]: [D, C]."""
    if len(phi) == 1:  # the same for all: one matrix product
        return np.asarray(x @ phi[0].T)
    return np.asarray((phi @ x[:, :, None])[..., 0])
