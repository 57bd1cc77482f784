"""The figures compared, ours and in naive float64, on samples made for it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from scipy.linalg import sqrtm
from scipy.stats import wasserstein_distance
from torch import Tensor

from datayield.maths.frechet import frechet, moments
from datayield.maths.histograms import earth_movers, histogram
from datayield.maths.mmd import cubic, gaussian, unbiased_mmd

SIZES = ((120, 8), (400, 48), (1000, 96))  # samples of each, dimensions
SIGMA = 10.0
BINS = 1_000
Figure = Callable[[Tensor, Tensor], float]


class Case(NamedTuple):
    """`oracles`: names in `tests.distances.oracles`, each with its package."""

    name: str
    ours: Figure
    naive: Figure
    oracles: tuple[str, ...]


def samples(n: int, d: int) -> tuple[Tensor, Tensor]:
    """Two samples [n, d] of correlated features, the second shifted and stretched."""
    draw = torch.Generator().manual_seed(1000 * d + n)
    mix = torch.randn(d, d, generator=draw, dtype=torch.float64) / d**0.5
    x, y = (torch.randn(n, d, generator=draw, dtype=torch.float64) @ mix for _ in range(2))
    return x, 1.2 * y + 0.3


def fid(x: Tensor, y: Tensor) -> float:
    return frechet(moments(x), moments(y))


def kid(x: Tensor, y: Tensor) -> float:
    return unbiased_mmd(x, y, cubic)


def gaussian_mmd(x: Tensor, y: Tensor) -> float:
    return unbiased_mmd(x, y, gaussian(SIGMA))


def visual_dna(x: Tensor, y: Tensor) -> float:
    """Mean over columns, in bins, over the pooled range."""
    pooled = torch.cat([x, y])
    low, high = pooled.amin(dim=0), pooled.amax(dim=0)
    return float(earth_movers(*(histogram(z, low, high, BINS) for z in (x, y))).mean())


def naive_fid(x: Tensor, y: Tensor) -> float:
    a, b = (np.cov(z.numpy(), rowvar=False) for z in (x, y))
    apart = x.numpy().mean(axis=0) - y.numpy().mean(axis=0)
    return float(apart @ apart + np.trace(a + b - 2 * sqrtm(a @ b).real))


def naive_mmd(
    x: Tensor, y: Tensor, kernel: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> float:
    """Row by row: the mean of the kernel over pairs of two samples, and of one without itself."""
    a, b = x.numpy(), y.numpy()
    within = [
        np.mean([kernel(z[i], np.delete(z, i, axis=0)).mean() for i in range(len(z))])
        for z in (a, b)
    ]
    return float(sum(within) - 2 * np.mean([kernel(row, b).mean() for row in a]))


def naive_kid(x: Tensor, y: Tensor) -> float:
    return naive_mmd(x, y, lambda row, others: (others @ row / len(row) + 1) ** 3)


def naive_gaussian(x: Tensor, y: Tensor) -> float:
    return naive_mmd(
        x, y, lambda row, others: np.exp(-((others - row) ** 2).sum(axis=1) / (2 * SIGMA**2))
    )


def naive_visual_dna(x: Tensor, y: Tensor) -> float:
    """SciPy's Wasserstein distance between the numbers of the bins."""
    total = 0.0
    for a, b in zip(x.T.numpy(), y.T.numpy(), strict=True):
        low, high = min(a.min(), b.min()), max(a.max(), b.max())
        places = [np.minimum((z - low) / (high - low) * BINS // 1, BINS - 1) for z in (a, b)]
        total += wasserstein_distance(*places)
    return total / x.shape[1]


CASES = (
    Case("FID", fid, naive_fid, ("fid_torch_fidelity", "fid_clean_fid", "fid_vdna")),
    Case("KID", kid, naive_kid, ("kid_torch_fidelity", "kid_clean_fid")),
    Case("MMD, sigma 10", gaussian_mmd, naive_gaussian, ("mmd_torch_fidelity",)),
    Case("VisualDNA, EMD", visual_dna, naive_visual_dna, ("emd_vdna",)),
)
