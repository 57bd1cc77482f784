"""Barlow Twins and VICReg with more than two views, against loops over the formulas."""

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

from datayield.maths.decorrelation import Decorrelation, Pairing, barlow_twins, vicreg
from tests.maths import published

BETA, WEIGHTS = 0.02, (25.0, 15.0, 3.0)
Loss = Callable[[Sequence[Tensor]], Decorrelation]
LOSSES: dict[str, Loss] = {
    "barlow_twins-all_pairs": lambda z: barlow_twins(z, BETA, "all_pairs"),
    "barlow_twins-mean_view": lambda z: barlow_twins(z, BETA, "mean_view"),
    "vicreg-all_pairs": lambda z: vicreg(z, *WEIGHTS, "all_pairs"),
    "vicreg-mean_view": lambda z: vicreg(z, *WEIGHTS, "mean_view"),
}
losses = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
pairings = pytest.mark.parametrize("pairing", ["all_pairs", "mean_view"])
counts = pytest.mark.parametrize("count", [3, 4, 7])


def make(count: int, batch: int = 6, dim: int = 4) -> list[Tensor]:
    noise = torch.Generator().manual_seed(count)
    image = torch.randn(batch, dim, generator=noise, dtype=torch.float64)
    return [
        0.6 * image + 0.3 * v + 0.3 * torch.randn(batch, dim, generator=noise, dtype=torch.float64)
        for v in range(count)
    ]


@counts
@pairings
def test_barlow_twins_equals_loops(pairing: Pairing, count: int) -> None:
    views = make(count)
    on, off = map(float, published.barlow_twins(views, pairing))
    assert min(on, off) > 0.01  # or a term would not be tested
    total, terms = barlow_twins(views, BETA, pairing)
    assert float(terms["on_diagonal"]) == pytest.approx(on, rel=1e-9)
    assert float(terms["off_diagonal"]) == pytest.approx(off, rel=1e-9)
    assert float(total) == pytest.approx(on + BETA * off, rel=1e-9)


@counts
@pairings
def test_vicreg_equals_loops(pairing: Pairing, count: int) -> None:
    views = make(count)
    want = [float(term) for term in published.vicreg(views, pairing)]
    assert min(want) > 0.01
    total, terms = vicreg(views, *WEIGHTS, pairing)
    assert [float(value) for value in terms.values()] == pytest.approx(want, rel=1e-9)
    weighted = sum(w * value for w, value in zip(WEIGHTS, want, strict=True))
    assert float(total) == pytest.approx(weighted, rel=1e-9)


@pytest.mark.parametrize("method", ["barlow_twins", "vicreg"])
def test_two_views_are_one_pair_whatever_the_pairing(method: str) -> None:
    views = make(2)
    one, other = (LOSSES[f"{method}-{pairing}"](views) for pairing in ("all_pairs", "mean_view"))
    assert torch.equal(one.total, other.total)
    assert one.terms == other.terms
    more = make(3)
    one, other = (LOSSES[f"{method}-{pairing}"](more) for pairing in ("all_pairs", "mean_view"))
    assert not torch.isclose(one.total, other.total, rtol=1e-3)


def test_the_mean_view_of_two_would_quarter_the_diagonal() -> None:
    """Why Barlow Twins' own formula for the mean view is not used for two."""
    views = make(2, batch=40)
    on, _ = map(float, published.barlow_twins(views, "mean_view"))
    want = barlow_twins(views, BETA).terms["on_diagonal"]
    assert on == pytest.approx(float(want) / 4, rel=1e-2)


@losses
def test_order_of_images_and_views_does_not_matter(loss: Loss) -> None:
    views = make(4)
    want = loss(views).total
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    torch.testing.assert_close(loss(views[::-1]).total, want)
    torch.testing.assert_close(loss([views[i] for i in (2, 0, 3, 1)]).total, want)
    torch.testing.assert_close(loss([view[order] for view in views]).total, want)
    assert not torch.isclose(loss([views[0][order], *views[1:]]).total, want)


@losses
def test_the_size_of_the_loss_does_not_grow_with_views(loss: Loss) -> None:
    a, b, *_ = make(2, batch=64)
    few, many = loss([a, b, a, b]), loss([a, b] * 8)
    assert float(many.total) == pytest.approx(float(few.total), rel=0.5)


@losses
@pytest.mark.parametrize("value", [0.0, 3.0])
def test_collapse_costs_but_stays_finite(loss: Loss, value: float) -> None:
    views = [torch.full((8, 6), value, requires_grad=True) for _ in range(3)]
    total = loss(views).total
    total.backward()
    assert total.item() > 1
    assert all(z.grad is not None and bool(z.grad.isfinite().all()) for z in views)


@losses
def test_keeps_float32_under_autocast(loss: Loss) -> None:
    views = [view.float() for view in make(3, 16, 8)]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = loss(views).total
        assert loss([view.bfloat16() for view in views]).total.dtype == torch.float32
    assert torch.equal(inside, loss(views).total)


@losses
def test_one_view_is_refused(loss: Loss) -> None:
    with pytest.raises(ValueError, match="two views or more, got 1"):
        loss(make(1))
