"""Against loops over the formulas as printed, in float64."""

import math

import pytest
import torch
from torch import Tensor

from datayield.maths.distillation import dino, regression
from tests.maths import published


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("views", [2, 3, 5])
def test_regression_equals_the_formula(views: int) -> None:
    p, z = random(views, 6, 5), random(views, 6, 5, seed=1)
    assert float(regression(p, z)) == pytest.approx(float(published.regression(p, z)), abs=1e-9)


@pytest.mark.parametrize(("views", "seen"), [(2, 2), (3, 3), (5, 2), (2, 1)])
@pytest.mark.parametrize("teacher_temperature", [0.04, 0.5])
def test_dino_equals_the_formula(views: int, seen: int, teacher_temperature: float) -> None:
    s, g, c = random(views, 6, 7), random(seen, 6, 7, seed=1), random(7, seed=2)
    want = float(published.dino(s, g, c, 0.1, teacher_temperature))
    assert float(dino(s, g, c, 0.1, teacher_temperature)) == pytest.approx(want, rel=1e-9)


def test_golden_values_by_hand() -> None:
    along, across = torch.eye(2, dtype=torch.float64).unbind()
    same = torch.stack([along, along])[:, None]
    assert float(regression(3 * same, same)) == pytest.approx(0.0, abs=1e-15)
    assert float(regression(-same, same)) == pytest.approx(4.0)
    # The first view predicts what the second is, and the second what it is not.
    mixed = torch.stack([along, across])[:, None]
    assert float(regression(same, mixed)) == pytest.approx((2 + 0) / 2)
    uniform = torch.zeros(2, 3, 8, dtype=torch.float64)
    assert float(dino(uniform, uniform, uniform[0, 0], 0.1, 0.04)) == pytest.approx(math.log(8))


def test_orders_of_images_and_views_do_not_matter_but_their_pairing_does() -> None:
    a, b, c = random(3, 7, 4), random(3, 7, 4, seed=1), random(4, seed=2)
    images, views = torch.randperm(7), torch.tensor([2, 0, 1])
    for loss in (regression, lambda x, y: dino(x, y, c, 0.1, 0.07)):
        want = loss(a, b)
        torch.testing.assert_close(loss(a[:, images], b[:, images]), want)
        torch.testing.assert_close(loss(a[views], b[views]), want)
        assert not torch.isclose(loss(a, b.roll(1, dims=1)), want)
        assert not torch.isclose(loss(a, b.roll(1, dims=0)), want)
    torch.testing.assert_close(regression(2 * a, 5 * b), regression(a, b))


def test_the_centre_is_taken_from_the_teacher() -> None:
    s, g, c = random(2, 5, 4), random(2, 5, 4, seed=1), random(4, seed=2)
    torch.testing.assert_close(dino(s, g, c, 0.1, 0.07), dino(s, g - c, 0 * c, 0.1, 0.07))


def test_keep_float32_under_autocast() -> None:
    s, g = random(2, 16, 8).float(), random(2, 16, 8, seed=1).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = regression(s, g), dino(s, g, g[0, 0], 0.1, 0.07)
        assert regression(s.bfloat16(), g.bfloat16()).dtype == torch.float32
        assert dino(s.bfloat16(), g.bfloat16(), g[0, 0], 0.1, 0.07).dtype == torch.float32
    assert inside == (regression(s, g), dino(s, g, g[0, 0], 0.1, 0.07))


def test_too_few_views_are_refused() -> None:
    one, two = random(1, 4, 3), random(2, 4, 3)
    with pytest.raises(ValueError, match="two or more, got 1"):
        regression(one, one)
    with pytest.raises(ValueError, match="two or more, got 1"):
        dino(one, one, one[0, 0], 0.1, 0.1)
    with pytest.raises(ValueError, match="1 to 2 of the student's views, got 3"):
        dino(two, random(3, 4, 3), one[0, 0], 0.1, 0.1)
