"""Distance between two samples, taken as Gaussian (Frechet 1957; FID: Heusel et al. 2017).

Letters: n samples, d dimensions. Everything is in float64.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

SHARES = (0.5, 0.75, 1.0)  # of the sample, at which FID is taken to extrapolate it
POOR = 10  # samples per dimension below which the covariance is mostly that of the sample


class Gaussian(NamedTuple):
    """Mean [d], covariance [d, d] and, where it is cheap, a `root` [d, r]: root root' = covariance.

    With fewer samples than dimensions the scaled centred samples are a root.
    """

    mean: Tensor
    covariance: Tensor
    root: Tensor | None = None


def moments(x: Tensor) -> Gaussian:
    """Mean and unbiased covariance of `x` [n, d]. Raises ValueError for fewer than two rows."""
    if len(x) < 2:
        raise ValueError(f"a covariance needs two rows or more, got {len(x)}")
    mean = x.double().mean(dim=0)
    centred = x.double() - mean
    covariance = centred.T @ centred / (len(x) - 1)
    few = len(x) <= x.shape[1]
    return Gaussian(mean, covariance, centred.T / (len(x) - 1) ** 0.5 if few else None)


def shrunk_moments(x: Tensor) -> Gaussian:
    """Mean of `x` [n, d], and its covariance shrunk towards a multiple of the identity.

    Ledoit and Wolf 2004 (J. Multivariate Analysis 88:365): the weight that minimises the expected
    loss, estimated from the sample itself. As theirs, the covariance divides by n.
    Raises ValueError for fewer than two rows.
    """
    n, d = x.shape
    if n < 2:
        raise ValueError(f"a covariance needs two rows or more, got {n}")
    mean = x.double().mean(dim=0)
    centred = x.double() - mean
    covariance = centred.T @ centred / n
    level = covariance.trace() / d
    identity = torch.eye(d, dtype=torch.float64, device=x.device)
    apart = (covariance - level * identity).square().sum()
    # The sum over samples of |x x' - S|^2 is the sum of |x|^4 minus n |S|^2.
    chance = (centred.square().sum(dim=1).square().mean() - covariance.square().sum()) / n
    weight = float((chance / apart).clamp(0, 1)) if apart > 0 else 0.0
    return Gaussian(mean, (1 - weight) * covariance + weight * level * identity)


def frechet(a: Gaussian, b: Gaussian) -> float:
    """|m_a - m_b|^2 + tr(A + B - 2 (A B)^(1/2)), of the covariances A and B (Dowson, Landau 1982).

    Where A = R R', (A B)^(1/2) has the trace of (R' B R)^(1/2), which is symmetric: its
    eigenvalues are real, and those that rounding made negative count as zero. Raises ValueError if
    the widths differ.
    """
    if a.mean.shape != b.mean.shape:
        raise ValueError(f"Gaussians of {len(a.mean)} and {len(b.mean)} dimensions")
    root = _root(a.covariance) if a.root is None else a.root
    shared = torch.linalg.eigvalsh(root.T @ b.covariance @ root).clamp(min=0).sqrt().sum()
    traces = a.covariance.trace() + b.covariance.trace()
    return float((a.mean - b.mean).square().sum() + traces - 2 * shared)


def _root(covariance: Tensor) -> Tensor:
    """R [d, d] with R R' = `covariance`: by Cholesky, or by eigenvectors if it is singular."""
    lower: Tensor
    lower, failed = torch.linalg.cholesky_ex(covariance)
    if not failed:
        return lower
    values, vectors = torch.linalg.eigh(covariance)
    scaled: Tensor = vectors * values.clamp(min=0).sqrt()
    return scaled


class Extrapolated(NamedTuple):
    """FID at infinitely many samples and at the full sample; `points` are (rows of x, FID)."""

    at_infinity: float
    at_n: float
    points: tuple[tuple[int, float], ...]


def enough_to_extrapolate(d: int) -> int:
    """Smallest sample in `d` dimensions whose half still has a full-rank covariance."""
    return 2 * (d + 1)


def extrapolated(x: Sequence[Tensor], y: Sequence[Tensor]) -> Extrapolated:
    """The intercept of FID against 1 / n (FID-infinity: Chong and Forsyth 2020, arXiv 1911.07023).

    `x`, `y`: equally many parts [n_k, d] of one size each, in random order. The line is fitted to
    FID at 1/2, 3/4 and all of the parts; below all, it is the mean over two windows of parts that
    overlap as little as possible. The bias of FID is about a constant over n. Raises ValueError for
    fewer than four parts, or if `x` and `y` differ in their number.
    """
    if len(x) != len(y) or len(x) < 4:
        raise ValueError(f"need four parts of each sample or more, got {len(x)} and {len(y)}")
    parts = len(x)
    points: list[tuple[float, float]] = []
    for share in SHARES:
        count = math.ceil(parts * share)
        starts = (0,) if count == parts else (0, parts - count)
        fids, sizes = [], []
        for start in starts:
            window = slice(start, start + count)
            a, b = torch.cat(list(x[window])), torch.cat(list(y[window]))
            fids.append(frechet(moments(a), moments(b)))
            sizes.append(len(a))
        points.append((sum(sizes) / len(sizes), sum(fids) / len(fids)))
    inverse = torch.tensor([1 / n for n, _ in points], dtype=torch.float64)
    values = torch.tensor([fid for _, fid in points], dtype=torch.float64)
    centred = inverse - inverse.mean()
    slope = (centred * values).sum() / centred.square().sum()
    kept = tuple((round(n), fid) for n, fid in points)
    return Extrapolated(float(values.mean() - slope * inverse.mean()), points[-1][1], kept)
