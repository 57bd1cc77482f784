import math

import pytest
import torch
from torch import Tensor

from datayield.maths.contrastive import nt_xent


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def naive(z: Tensor, temperature: float) -> float:
    """Equation 1 as printed, pair by pair, over all ordered pairs of views of one image."""
    views, batch, _ = z.shape
    rows = [(b, z[v, b] / z[v, b].norm()) for v in range(views) for b in range(batch)]
    losses = []
    for i, (image, anchor) in enumerate(rows):
        scores = [math.exp(float(anchor @ other) / temperature) for _, other in rows]
        below = sum(score for k, score in enumerate(scores) if k != i)
        for j, (other_image, _) in enumerate(rows):
            if j != i and other_image == image:
                losses.append(-math.log(scores[j] / below))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("views", [2, 3, 4])
@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_equals_the_formula_as_printed(views: int, temperature: float) -> None:
    z = random(views, 6, 5)
    assert float(nt_xent(z, temperature)) == pytest.approx(naive(z, temperature), rel=1e-12)


def test_golden_value_by_hand() -> None:
    # Two orthogonal images, both views equal: one positive at cosine 1, two negatives at 0.
    z = torch.eye(2, dtype=torch.float64).expand(2, 2, 2)
    want = -math.log(math.exp(2) / (math.exp(2) + 2))
    assert float(nt_xent(z, 0.5)) == pytest.approx(want, rel=1e-14)


def test_gradient() -> None:
    z = random(3, 4, 3).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: nt_xent(x, 0.3), z)


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
