"""Unbiased maximum mean discrepancy: squared distance between two samples in a kernel space.

Gretton et al. 2012 (JMLR 13:723), lemma 6. KID uses a cubic kernel (Binkowski et al. 2018,
arXiv 1801.01401), CMMD a Gaussian one (Jayasumana et al. 2024, arXiv 2401.09603; their released
estimator is the biased one). Letters: n samples, d dimensions, G groups. In float64.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

Kernel = Callable[[Tensor, Tensor], Tensor]  # [n, d], [m, d] -> [n, m]
PAIRED = 1_000  # samples, at most, for the median distance


def cubic(x: Tensor, y: Tensor) -> Tensor:
    """(x.y / d + 1)^3, the kernel of KID."""
    return (x @ y.T / x.shape[1] + 1) ** 3


def gaussian(sigma: float) -> Kernel:
    """exp(-|x - y|^2 / (2 sigma^2)). Raises ValueError unless sigma is positive."""
    if not sigma > 0:
        raise ValueError(f"a Gaussian kernel needs a sigma above 0, got {sigma}")

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        return (-_squared_distances(x, y) / (2 * sigma**2)).exp()

    return kernel


def median_distance(x: Tensor) -> float:
    """Median pairwise distance of the rows of `x` [n, d], of at most 1,000 evenly spaced ones.

    Raises ValueError for fewer than two rows.
    """
    if len(x) < 2:
        raise ValueError(f"a distance needs two rows, got {len(x)}")
    at = torch.linspace(0, len(x) - 1, min(len(x), PAIRED), dtype=torch.float64).round().long()
    some = x[at].double()
    upper = torch.triu_indices(len(some), len(some), offset=1)
    squared = _squared_distances(some, some)[upper[0], upper[1]]
    return float(squared.sqrt().median())


class Sums(NamedTuple):
    """A kernel summed over pairs of samples of two groups: `sums` [G, G], `sizes` [G].

    On the diagonal no sample is paired with itself. They give the unbiased MMD^2 of any union of
    groups, so leaving groups out or permuting them is free.
    """

    sums: Tensor
    sizes: Tensor

    def unbiased(self, a: Sequence[int], b: Sequence[int]) -> float:
        """MMD^2 between the samples in groups `a` and those in groups `b`; may be negative."""
        n, m = float(self.sizes[list(a)].sum()), float(self.sizes[list(b)].sum())
        aa, bb, ab = (self.sums[list(i)][:, list(j)].sum() for i, j in ((a, a), (b, b), (a, b)))
        return float(aa / (n * (n - 1)) + bb / (m * (m - 1)) - 2 * ab / (n * m))


def kernel_sums(groups: Sequence[Tensor], kernel: Kernel) -> Sums:
    """`kernel` over all pairs of samples, by groups [n_k, d]; one block in memory at a time."""
    wide = [group.double() for group in groups]
    sums = torch.zeros(len(wide), len(wide), dtype=torch.float64)
    for i, x in enumerate(wide):
        for j, y in enumerate(wide[: i + 1]):
            block = kernel(x, y)
            sums[i, j] = sums[j, i] = block.sum() - (block.trace() if i == j else 0.0)
    return Sums(sums, torch.tensor([len(x) for x in wide], dtype=torch.float64))


def unbiased_mmd(x: Tensor, y: Tensor, kernel: Kernel) -> float:
    """MMD^2 between `x` [n, d] and `y` [m, d]."""
    return kernel_sums((x, y), kernel).unbiased((0,), (1,))


class Spread(NamedTuple):
    """Mean and standard deviation (over n) of a statistic over random subsets."""

    mean: float
    std: float


def over_subsets(
    x: Tensor, y: Tensor, kernel: Kernel, subsets: int, size: int, seed: int
) -> Spread:
    """MMD^2 over `subsets` random subsets of `size` of each sample: KID as it is often reported.

    Its mean estimates the value over all pairs, with more noise; its spread is over overlapping
    subsets and not a confidence interval. Raises ValueError if a sample has fewer than `size`.
    """
    if size > min(len(x), len(y)) or subsets < 1:
        raise ValueError(f"no {subsets} subsets of {size} of {len(x)} and {len(y)} samples")
    rng = np.random.Generator(np.random.PCG64(seed))
    values = []
    for _ in range(subsets):
        a, b = (torch.from_numpy(rng.choice(len(z), size, replace=False)) for z in (x, y))
        values.append(unbiased_mmd(x[a], y[b], kernel))
    return Spread(float(np.mean(values)), float(np.std(values)))


def _squared_distances(x: Tensor, y: Tensor) -> Tensor:
    products = x @ y.T
    squared = x.square().sum(dim=1)[:, None] + y.square().sum(dim=1) - 2 * products
    return squared.clamp(min=0)
