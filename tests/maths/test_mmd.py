"""Unbiased MMD: against loops over pairs, by groups, and about zero for one distribution."""

import math

import pytest
import torch
from torch import Tensor

from datayield.maths.mmd import (
    Kernel,
    cubic,
    gaussian,
    kernel_sums,
    median_distance,
    over_subsets,
    unbiased_mmd,
)

KERNELS = [pytest.param(cubic, id="cubic"), pytest.param(gaussian(1.5), id="gaussian")]


def normal(n: int, d: int, seed: int) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=draw, dtype=torch.float64)


def loops(x: Tensor, y: Tensor, kernel: Kernel) -> float:
    def k(a: Tensor, b: Tensor) -> float:
        return float(kernel(a[None], b[None]))

    within = [[k(a, b) for i, a in enumerate(z) for j, b in enumerate(z) if i != j] for z in (x, y)]
    across = [k(a, b) for a in x for b in y]
    return sum(sum(w) / len(w) for w in within) - 2 * sum(across) / len(across)


def test_kernels_are_their_formulas() -> None:
    x, y = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, -1.0]])
    assert float(cubic(x, y)) == pytest.approx((1 / 2 + 1) ** 3)
    assert float(gaussian(2.0)(x, y)) == pytest.approx(math.exp(-13 / 8))
    with pytest.raises(ValueError, match="above 0"):
        gaussian(0.0)


@pytest.mark.parametrize("kernel", KERNELS)
def test_it_is_the_mean_over_pairs(kernel: Kernel) -> None:
    x, y = normal(7, 3, 0), normal(5, 3, 1) + 1
    assert unbiased_mmd(x, y, kernel) == pytest.approx(loops(x, y, kernel), rel=1e-10)


@pytest.mark.parametrize("kernel", KERNELS)
def test_any_union_of_groups_has_its_own(kernel: Kernel) -> None:
    parts = normal(23, 3, 2).tensor_split(5)
    sums = kernel_sums(parts, kernel)
    x, y = torch.cat([parts[4], parts[1]]), torch.cat([parts[0], parts[2]])
    assert sums.unbiased((4, 1), (0, 2)) == pytest.approx(loops(x, y, kernel), rel=1e-9)


@pytest.mark.parametrize("kernel", KERNELS)
def test_its_mean_is_zero_for_one_distribution_and_below_zero_half_the_time(kernel: Kernel) -> None:
    estimates = torch.tensor(
        [unbiased_mmd(normal(40, 4, s), normal(40, 4, 999 - s), kernel) for s in range(200)]
    )
    assert abs(float(estimates.mean())) < 3 * float(estimates.std()) / math.sqrt(200)
    assert 0.3 < float((estimates < 0).double().mean()) < 0.8


def test_the_median_distance_is_that_of_all_pairs() -> None:
    x = normal(30, 3, 3)
    assert median_distance(x) == pytest.approx(float(torch.pdist(x).median()), rel=1e-10)
    assert median_distance(torch.ones(4, 2)) == 0
    with pytest.raises(ValueError, match="two rows"):
        median_distance(x[:1])


def test_subsets_estimate_what_all_pairs_do_and_one_of_all_is_it() -> None:
    x, y = normal(60, 3, 4), normal(60, 3, 5) + 0.5
    whole = unbiased_mmd(x, y, cubic)
    all_of_it = over_subsets(x, y, cubic, subsets=2, size=60, seed=0)
    assert all_of_it.mean == pytest.approx(whole, rel=1e-10)
    assert all_of_it.std == pytest.approx(0, abs=1e-10)
    some = over_subsets(x, y, cubic, subsets=200, size=30, seed=0)
    assert abs(some.mean - whole) < 4 * some.std / math.sqrt(200)
    assert some == over_subsets(x, y, cubic, subsets=200, size=30, seed=0)
    with pytest.raises(ValueError, match="subsets of 61"):
        over_subsets(x, y, cubic, subsets=1, size=61, seed=0)
