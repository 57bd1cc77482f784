import math

import pytest
import torch
from torch import Tensor

from datayield.maths.contrastive import info_nce, nt_xent
from tests.maths import published


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("views", [2, 3, 4])
@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_equals_the_formula_as_printed(views: int, temperature: float) -> None:
    z = random(views, 6, 5)
    want = float(published.nt_xent(z, temperature))
    assert float(nt_xent(z, temperature)) == pytest.approx(want, rel=1e-12)


def test_golden_value_by_hand() -> None:
    # Two orthogonal images, both views equal: one positive at cosine 1, two negatives at 0.
    z = torch.eye(2, dtype=torch.float64).expand(2, 2, 2)
    want = -math.log(math.exp(2) / (math.exp(2) + 2))
    assert float(nt_xent(z, 0.5)) == pytest.approx(want, rel=1e-14)


def test_order_of_images_views_and_lengths_do_not_matter() -> None:
    z = random(2, 7, 4)
    want = nt_xent(z, 0.2)
    for same in (z.flip(0), z[:, torch.randperm(7)], z * torch.rand(2, 7, 1) + 0 * z, 3 * z):
        torch.testing.assert_close(nt_xent(same, 0.2), want)
    assert not torch.isclose(nt_xent(torch.stack([z[0], z[1].roll(1, 0)]), 0.2), want)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_collapsed_embeddings_cost_log_of_the_others(value: float) -> None:
    z = torch.full((2, 8, 4), value, requires_grad=True)
    loss = nt_xent(z, 0.1)
    loss.backward()
    assert loss.item() == pytest.approx(math.log(15), rel=1e-6)
    assert z.grad is not None
    assert bool(z.grad.isfinite().all())


def test_keeps_float32_under_autocast() -> None:
    z = random(2, 16, 8).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = nt_xent(z, 0.1)
        assert nt_xent(z.bfloat16(), 0.1).dtype == torch.float32
    assert torch.equal(inside, nt_xent(z, 0.1))


def test_one_view_is_refused() -> None:
    with pytest.raises(ValueError, match="two views or more, got 1"):
        nt_xent(random(1, 4, 3), 0.1)


@pytest.mark.parametrize("views", [2, 3, 4])
@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_info_nce_equals_the_formula(views: int, temperature: float) -> None:
    q, k = random(views, 6, 5), random(views, 6, 5, seed=1)
    want = float(published.info_nce(q, k, temperature))
    assert float(info_nce(q, k, temperature)) == pytest.approx(want, rel=1e-12)


def test_info_nce_by_hand() -> None:
    z = torch.eye(2, dtype=torch.float64).expand(2, 2, 2)
    want = 2 * 0.5 * -math.log(math.exp(2) / (math.exp(2) + 1))
    assert float(info_nce(z, z, 0.5)) == pytest.approx(want, rel=1e-14)


def test_info_nce_knows_images_but_no_order() -> None:
    q, k = random(3, 7, 4), random(3, 7, 4, seed=1)
    want, images = info_nce(q, k, 0.2), torch.randperm(7)
    torch.testing.assert_close(info_nce(q[:, images], k[:, images], 0.2), want)
    torch.testing.assert_close(info_nce(q[[2, 0, 1]], k[[2, 0, 1]], 0.2), want)
    torch.testing.assert_close(info_nce(2 * q, 3 * k, 0.2), want)
    assert not torch.isclose(info_nce(q, k.roll(1, 1), 0.2), want)
    assert not torch.isclose(info_nce(q, k.roll(1, 0), 0.2), want)


def test_info_nce_keeps_float32_under_autocast_and_refuses_one_view() -> None:
    q, k = random(2, 16, 8).float(), random(2, 16, 8, seed=1).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert info_nce(q.bfloat16(), k.bfloat16(), 0.1).dtype == torch.float32
        inside = info_nce(q, k, 0.1)
    assert torch.equal(inside, info_nce(q, k, 0.1))
    with pytest.raises(ValueError, match="two views or more, got 1"):
        info_nce(q[:1], k[:1], 0.1)
