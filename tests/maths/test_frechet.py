"""Distances of Gaussians: closed forms, a reference, and what is left of the bias."""

import math

import numpy as np
import pytest
import torch
from sklearn.covariance import LedoitWolf
from torch import Tensor

from datayield.maths.frechet import (
    Gaussian,
    enough_to_extrapolate,
    extrapolated,
    frechet,
    moments,
    shrunk_moments,
)


def normal(n: int, d: int, seed: int, shift: float = 0.0) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=draw, dtype=torch.float64) + shift


def test_closed_form_where_covariances_commute() -> None:
    a, b = (torch.tensor(v, dtype=torch.float64) for v in ([1.0, 4.0, 0.0], [9.0, 4.0, 2.0]))
    mean = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    turn = torch.linalg.qr(normal(3, 3, 0)).Q
    first = Gaussian(torch.zeros(3, dtype=torch.float64), turn @ a.diag() @ turn.T)
    second = Gaussian(mean, turn @ b.diag() @ turn.T)
    expected = 14 + float((a.sqrt() - b.sqrt()).square().sum())
    assert frechet(first, second) == pytest.approx(expected, rel=1e-7)
    assert frechet(second, first) == pytest.approx(expected, rel=1e-7)
    assert frechet(second, second) == pytest.approx(0, abs=1e-7)


def test_moments_are_numpys_and_widths_must_agree() -> None:
    x = normal(20, 4, 1)
    mean, covariance, _ = moments(x.float())
    assert mean.dtype == torch.float64
    assert np.allclose(covariance, np.cov(x.float().double().numpy(), rowvar=False), atol=1e-12)
    with pytest.raises(ValueError, match="4 and 3"):
        frechet(moments(x), moments(x[:, :3]))
    with pytest.raises(ValueError, match="two rows"):
        moments(x[:1])


@pytest.mark.parametrize(("n", "d"), [(30, 40), (200, 8), (5, 3)])
def test_shrinkage_is_scikit_learns(n: int, d: int) -> None:
    x = normal(n, d, 2) * torch.arange(1, d + 1)
    reference = LedoitWolf().fit(x.numpy())
    assert 0 < reference.shrinkage_ <= 1
    assert np.allclose(shrunk_moments(x).covariance, reference.covariance_, rtol=1e-10)


def test_fid_is_too_large_by_about_a_constant_over_n_and_the_intercept_is_not() -> None:
    d, truth = 24, 24 * 0.1**2
    lines = []
    for seed in range(8):
        x, y = normal(240, d, seed), normal(240, d, 100 + seed, shift=0.1)
        lines.append(extrapolated(x.tensor_split(12), y.tensor_split(12)))
    plain = [one.at_n for one in lines]
    assert min(plain) > truth + 0.8  # the bias, (d^2 + d) / (2 n) and more
    free = torch.tensor([one.at_infinity for one in lines])
    assert abs(float(free.mean()) - truth) < 3 * float(free.std()) / math.sqrt(8)
    assert float(free.std()) < 0.3
    sizes, fids = zip(*lines[0].points, strict=True)
    assert sizes == (120, 180, 240)
    assert fids[0] > fids[1] > fids[2]


def test_the_line_through_fid_is_the_least_squares_one() -> None:
    x, y = normal(100, 3, 0), normal(100, 3, 1)
    line = extrapolated(x.tensor_split(10), y.tensor_split(10))
    inverse, fids = zip(*((1 / n, fid) for n, fid in line.points), strict=True)
    assert [n for n, _ in line.points] == [50, 80, 100]
    assert line.at_infinity == pytest.approx(np.polyfit(inverse, fids, 1)[1], rel=1e-10)
    first = frechet(moments(x[:50]), moments(y[:50]))
    last = frechet(moments(x[50:]), moments(y[50:]))
    assert fids[0] == pytest.approx((first + last) / 2, rel=1e-12)


@pytest.mark.parametrize(("n", "d"), [(20, 30), (31, 30), (200, 30)])
def test_samples_fewer_than_dimensions_are_their_own_root(n: int, d: int) -> None:
    a, b = moments(normal(n, d, 0)), moments(2 * normal(n, d, 1))
    if a.root is not None:
        assert torch.allclose(a.root @ a.root.T, a.covariance, atol=1e-12)
    assert (a.root is not None) == (n <= d)
    values = torch.linalg.eigvals(a.covariance @ b.covariance)
    apart = (a.mean - b.mean).square().sum() + a.covariance.trace() + b.covariance.trace()
    expected = float(apart - 2 * values.sqrt().real.sum())
    assert frechet(a, b) == pytest.approx(expected, rel=1e-6)
    assert frechet(a._replace(root=None), b) == pytest.approx(expected, rel=1e-6)


def test_what_cannot_be_extrapolated() -> None:
    parts = normal(12, 2, 0).tensor_split(3)
    with pytest.raises(ValueError, match="four parts"):
        extrapolated(parts, parts)
    with pytest.raises(ValueError, match="3 and 2"):
        extrapolated(parts, parts[:2])
    assert enough_to_extrapolate(256) == 514
