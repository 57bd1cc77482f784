import cmath
import math
from itertools import pairwise

import pytest
import torch
from scipy.integrate import quad
from torch import Tensor
from torch.nn import functional as F

from datayield.maths.gaussian import prediction, sigreg


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def unit(dim: int, count: int, seed: int = 1) -> Tensor:
    return F.normalize(random(dim, count, seed=seed), dim=0)


def gap(values: list[float], t: float) -> float:
    phi = sum(cmath.exp(1j * t * x) for x in values) / len(values)
    return abs(phi - math.exp(-t * t / 2)) ** 2 * math.exp(-t * t / 2)


def naive_sigreg(z: Tensor, directions: Tensor) -> float:
    statistics = []
    for view in z:
        for a in directions.T:
            values = [float(row @ a) for row in view]
            knots = [3 * k / 16 for k in range(17)]
            area = sum(
                (t2 - t1) * (gap(values, t1) + gap(values, t2)) / 2 for t1, t2 in pairwise(knots)
            )
            statistics.append(len(values) * 2 * area)
    return sum(statistics) / len(statistics)


def naive_prediction(z: Tensor) -> float:
    views, batch, dim = z.shape
    total = 0.0
    for b in range(batch):
        for d in range(dim):
            values = z[:, b, d].tolist()
            centre = sum(values) / views
            total += sum((x - centre) ** 2 for x in values)
    return total / (views * batch * dim)


@pytest.mark.parametrize("views", [2, 3, 5])
def test_equal_loops(views: int) -> None:
    z, directions = 1.5 * random(views, 6, 4) + 0.3, unit(4, 5)
    assert float(sigreg(z, directions)) == pytest.approx(naive_sigreg(z, directions), rel=1e-9)
    assert float(prediction(z)) == pytest.approx(naive_prediction(z), rel=1e-9)


def test_the_trapezoid_is_near_the_integral() -> None:
    z, direction = random(1, 9, 2), unit(2, 1)
    values = (z[0] @ direction[:, 0]).tolist()
    exact = len(values) * quad(lambda t: gap(values, t), -3, 3)[0]
    assert float(sigreg(z, direction)) == pytest.approx(exact, rel=1e-3)


def test_gradient() -> None:
    z, directions = random(3, 5, 4).requires_grad_(), unit(4, 3)
    assert torch.autograd.gradcheck(lambda x: sigreg(x, directions), z)
    assert torch.autograd.gradcheck(prediction, z)


def test_order_of_images_and_views_and_the_sign_of_directions_do_not_matter() -> None:
    z, directions = random(3, 7, 4), unit(4, 6)
    want, agreement = sigreg(z, directions), prediction(z)
    order = torch.randperm(7, generator=torch.Generator().manual_seed(2))
    for same in (z.flip(0), z[:, order]):
        torch.testing.assert_close(sigreg(same, directions), want)
        torch.testing.assert_close(prediction(same), agreement)
    torch.testing.assert_close(sigreg(z, -directions), want)
    swapped = torch.stack([z[0, order], z[1], z[2]])
    torch.testing.assert_close(sigreg(swapped, directions), want)
    assert not torch.isclose(prediction(swapped), agreement)
    assert not torch.isclose(sigreg(2 * z, directions), want)


def test_prediction_is_zero_for_views_that_agree_alone() -> None:
    z = random(1, 5, 3).expand(4, 5, 3)
    assert float(prediction(z)) < 1e-30
    assert float(prediction(torch.cat([z, z[:1] + 1]))) == pytest.approx(0.2 * 0.8, rel=1e-12)


@pytest.mark.parametrize("batch", [64, 1024])
def test_gaussian_samples_cost_about_one_whatever_the_batch(batch: int) -> None:
    """B E|phi - e^(-t^2/2)|^2 = 1 - e^(-t^2), whose weighted integral over [-3, 3] is 1.053."""
    want = quad(lambda t: (1 - math.exp(-t * t)) * math.exp(-t * t / 2), -3, 3)[0]
    got = float(sigreg(random(20, batch, 16), unit(16, 64)))
    assert got == pytest.approx(want, rel=0.15)


def _bimodal(batch: int, dim: int) -> Tensor:
    signs = random(1, batch, dim).sign()
    return signs + 0.1 * random(1, batch, dim, seed=3)


@pytest.mark.parametrize("batch", [256, 1024])
@pytest.mark.parametrize("shape", ["collapsed", "bimodal", "wide", "narrow", "shifted"])
def test_anything_else_costs_more_and_the_more_the_larger_the_batch(shape: str, batch: int) -> None:
    z = {
        "collapsed": torch.zeros(1, batch, 8, dtype=torch.float64),
        "bimodal": _bimodal(batch, 8),
        "wide": 3 * random(1, batch, 8),
        "narrow": 0.3 * random(1, batch, 8),
        "shifted": random(1, batch, 8) + 1,
    }[shape]
    # A sum of many two-valued dimensions is nearly Gaussian: look along the dimensions themselves.
    directions = torch.eye(8, dtype=torch.float64) if shape == "bimodal" else unit(8, 64)
    assert float(sigreg(z, directions)) > 0.04 * batch


def test_collapse_gives_finite_gradients_that_spread() -> None:
    z = (1e-3 * random(2, 32, 4)).requires_grad_()
    sigreg(z, unit(4, 16)).backward()
    assert z.grad is not None
    assert bool(z.grad.isfinite().all())
    with torch.no_grad():
        assert float((z - z.grad).norm()) > float(z.norm())
    point = torch.zeros(2, 8, 4, requires_grad=True)
    (sigreg(point, unit(4, 16)) + prediction(point)).backward()
    assert point.grad is not None
    assert bool(point.grad.isfinite().all())


def test_keeps_float32_under_autocast() -> None:
    z, directions = random(2, 16, 8).float(), unit(8, 4).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = sigreg(z, directions), prediction(z)
        assert sigreg(z.bfloat16(), directions).dtype == torch.float32
        assert prediction(z.bfloat16()).dtype == torch.float32
    assert torch.equal(inside[0], sigreg(z, directions))
    assert torch.equal(inside[1], prediction(z))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="directions of 3 dimensions for 4"):
        sigreg(random(2, 5, 4), unit(3, 2))
    with pytest.raises(ValueError, match="two views or more, 1 to V of them large, got 1"):
        prediction(random(1, 5, 4))
