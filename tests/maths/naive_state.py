"""The metrics of a representation, straight from their definitions: NumPy, loops, no shortcuts."""

import math

import numpy as np

Array = np.ndarray


def entropy_of(values: Array) -> float:
    return -sum(float(p) * math.log(p) for p in values if p > 0)


def effective_rank(x: Array) -> float:
    """Square roots of the eigenvalues of the scatter matrix, summed element by element."""
    n, d = x.shape
    mean = [sum(x[:, j]) / n for j in range(d)]
    scatter = np.zeros((d, d))
    for row in x:
        scatter += np.outer(row - mean, row - mean)
    singular = np.sqrt(np.clip(np.linalg.eigvalsh(scatter), 0, None))
    return math.exp(entropy_of(singular / singular.sum()))


def rankme(x: Array, eps: float) -> float:
    singular = np.linalg.svd(x, compute_uv=False)
    return math.exp(entropy_of(singular / singular.sum() + eps))


def alpha(x: Array, first: int, last: int) -> tuple[float, float]:
    """Slope and R2 of a weighted line, by the normal equations of the unweighted sums."""
    values = np.linalg.eigvalsh(np.cov(x.T))[::-1]
    points = [(math.log(k), math.log(values[k - 1]), 1 / k) for k in range(first, last + 1)]
    w = sum(p[2] for p in points)
    sx = sum(p[2] * p[0] for p in points)
    sy = sum(p[2] * p[1] for p in points)
    sxx = sum(p[2] * p[0] ** 2 for p in points)
    sxy = sum(p[2] * p[0] * p[1] for p in points)
    slope = (w * sxy - sx * sy) / (w * sxx - sx**2)
    at0 = (sy - slope * sx) / w
    missed = sum(p[2] * (p[1] - at0 - slope * p[0]) ** 2 for p in points)
    total = sum(p[2] * (p[1] - sy / w) ** 2 for p in points)
    return -slope, 1 - missed / total


def lidar(views: Array, delta: float, eps: float) -> float:
    """Both scatters by loops, the inverse root by the eigenvectors of Sw."""
    n, q, d = views.shape
    means = [sum(views[i]) / q for i in range(n)]
    grand = sum(means) / n
    between, within = np.zeros((d, d)), np.zeros((d, d))
    for i in range(n):
        between += np.outer(means[i] - grand, means[i] - grand) / (n - 1)
        for j in range(q):
            within += np.outer(views[i, j] - means[i], views[i, j] - means[i]) / (n * (q - 1))
    values, vectors = np.linalg.eigh(within + delta * np.eye(d))
    root = vectors @ np.diag(values**-0.5) @ vectors.T
    eigenvalues = np.linalg.eigvalsh(root @ between @ root) + eps
    return math.exp(entropy_of(eigenvalues / eigenvalues.sum()))


def unit(row: Array) -> Array:
    return row / math.sqrt(sum(v * v for v in row))


def alignment(x: Array, y: Array) -> float:
    gaps = [unit(a) - unit(b) for a, b in zip(x, y, strict=True)]
    return sum(float(g @ g) for g in gaps) / len(gaps)


def uniformity(x: Array) -> float:
    rows = [unit(row) for row in x]
    pairs = [(i, j) for i in range(len(rows)) for j in range(i)]
    squares = [sum((a - b) ** 2 for a, b in zip(rows[i], rows[j], strict=True)) for i, j in pairs]
    return math.log(sum(math.exp(-2 * s) for s in squares) / len(pairs))


def graph_kernel(p: Array) -> Array:
    """K_ij of images that share augmented states; `p` [n, S] is p(state | image)."""
    n, states = p.shape
    kernel = np.zeros((n, n))
    for s in range(states):
        rho = sum(p[:, s]) / n
        for i in range(n):
            for j in range(n):
                kernel[i, j] += p[i, s] * p[j, s] / rho / n if rho else 0.0
    return kernel
