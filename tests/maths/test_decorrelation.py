from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from datayield.maths.decorrelation import Decorrelation, barlow_twins, vicreg
from tests.maths import published

BETA, WEIGHTS = 0.02, (25.0, 15.0, 3.0)
Pair = Callable[[Tensor, Tensor], Decorrelation]
LOSSES: dict[str, Pair] = {
    "barlow_twins": lambda a, b: barlow_twins([a, b], BETA),
    "vicreg": lambda a, b: vicreg([a, b], *WEIGHTS),
}
losses = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


def pair(batch: int = 7, dim: int = 5) -> tuple[Tensor, Tensor]:
    noise = torch.Generator().manual_seed(0)
    z = torch.randn(batch, dim, generator=noise, dtype=torch.float64)
    return z, 0.6 * z + 0.3 * torch.randn(batch, dim, generator=noise, dtype=torch.float64) + 2


def test_barlow_twins_equals_the_formula_as_printed() -> None:
    on, off = map(float, published.barlow_twins(pair(), "all_pairs"))
    total, terms = barlow_twins(pair(), BETA)
    assert float(terms["on_diagonal"]) == pytest.approx(on, rel=1e-10)
    assert float(terms["off_diagonal"]) == pytest.approx(off, rel=1e-10)
    assert float(total) == pytest.approx(on + BETA * off, rel=1e-10)


def test_vicreg_equals_the_formula_as_printed() -> None:
    want = [float(term) for term in published.vicreg_pair(*pair())]
    assert min(want) > 0.01  # or a term would not be tested
    total, terms = vicreg(pair(), *WEIGHTS)
    for name, value in zip(("invariance", "variance", "covariance"), want, strict=True):
        assert float(terms[name]) == pytest.approx(value, rel=1e-10)
    weighted = sum(w * value for w, value in zip(WEIGHTS, want, strict=True))
    assert float(total) == pytest.approx(weighted, rel=1e-10)


def test_barlow_twins_has_its_minimum_at_equal_decorrelated_views() -> None:
    z = torch.linalg.qr(pair(64, 8)[0] - pair(64, 8)[0].mean(dim=0))[0] * 8  # variance 1 each
    total, _ = barlow_twins([z, 3 * z + 1], 1.0)
    assert 0 <= float(total) < 1e-8
    assert float(barlow_twins([z, -z], 1.0).total) == pytest.approx(4 * 8, rel=1e-3)


@losses
def test_order_of_images_and_views_does_not_matter(loss: Pair) -> None:
    z1, z2 = pair()
    want = loss(z1, z2).total
    order = torch.randperm(len(z1), generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(loss(z2, z1).total, want)
    torch.testing.assert_close(loss(z1[order], z2[order]).total, want)
    assert not torch.isclose(loss(z1, z2[order]).total, want)


@pytest.mark.parametrize(("name", "want"), [("barlow_twins", 6.0), ("vicreg", WEIGHTS[1] * 0.99)])
@pytest.mark.parametrize("value", [0.0, 3.0])
def test_collapse_costs_but_stays_finite(name: str, want: float, value: float) -> None:
    z1 = torch.full((8, 6), value, requires_grad=True)
    z2 = torch.full((8, 6), value, requires_grad=True)
    total = LOSSES[name](z1, z2).total
    total.backward()
    assert total.item() == pytest.approx(want, rel=1e-4)
    for z in (z1, z2):
        assert z.grad is not None
        assert bool(z.grad.isfinite().all())


@losses
def test_keeps_float32_under_autocast(loss: Pair) -> None:
    z1, z2 = (z.float() for z in pair(16, 8))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = loss(z1, z2).total
        assert loss(z1.bfloat16(), z2.bfloat16()).total.dtype == torch.float32
    assert torch.equal(inside, loss(z1, z2).total)


def test_barlow_twins_refuses_a_batch_of_one() -> None:
    with pytest.raises(ValueError, match="more than 1 value"):
        barlow_twins([torch.ones(1, 4)] * 2, BETA)
