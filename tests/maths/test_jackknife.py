"""The grouped jackknife: Student's interval of a mean, and coverage where it is hardest."""

import numpy as np
import pytest
import torch
from scipy import stats

from datayield.maths.jackknife import Groups, jackknife
from datayield.maths.mmd import cubic, kernel_sums


def test_of_a_difference_of_means_it_is_students_for_pairs() -> None:
    x = np.random.default_rng(0).normal(size=16)

    def difference(i: Groups, j: Groups) -> float:
        return float(x[list(j)].mean() - x[list(i)].mean())

    low, high = jackknife(difference, range(8), range(8, 16))
    theirs = stats.ttest_rel(x[8:], x[:8]).confidence_interval(0.95)
    assert (low, high) == pytest.approx((theirs.low, theirs.high), rel=1e-10)


@pytest.mark.parametrize(("shift", "truth"), [(0.0, 0.0), (1.0, None)])
def test_the_interval_of_kid_covers(shift: float, truth: float | None) -> None:
    estimates = []
    for seed in range(100):
        draw = torch.Generator().manual_seed(seed)
        x, y = (torch.randn(96, 4, generator=draw, dtype=torch.float64) for _ in range(2))
        sums = kernel_sums([*x.tensor_split(12), *(y + shift).tensor_split(12)], cubic)
        a, b = range(12), range(12, 24)
        estimates.append((sums.unbiased(a, b), *jackknife(sums.unbiased, a, b)))
    values, low, high = torch.tensor(estimates).T
    centre = float(values.mean()) if truth is None else truth
    assert float(((low <= centre) & (centre <= high)).double().mean()) >= 0.9


def test_groups_must_match() -> None:
    with pytest.raises(ValueError, match="3 and 4"):
        jackknife(lambda i, j: 0.0, range(3), range(4))
    with pytest.raises(ValueError, match="three or more"):
        jackknife(lambda i, j: 0.0, range(2), range(2))
