import math

import pytest
import torch
from torch import Tensor

from datayield.maths.clustering import sinkhorn, swapped_prediction


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def cosines(*shape: int, seed: int = 0) -> Tensor:
    return random(*shape, seed=seed).tanh()


def naive_sinkhorn(scores: Tensor, epsilon: float, iterations: int) -> list[list[float]]:
    """The paper's pseudocode, entry by entry: columns of Q are samples."""
    n, k = scores.shape
    q = [[math.exp(float(scores[b, j]) / epsilon) for b in range(n)] for j in range(k)]
    everything = sum(map(sum, q))
    q = [[x / everything for x in row] for row in q]
    for _ in range(iterations):
        q = [[x / sum(row) / k for x in row] for row in q]
        columns = [sum(q[j][b] for j in range(k)) for b in range(n)]
        q = [[x / columns[b] / n for b, x in enumerate(row)] for row in q]
    return [[q[j][b] * n for j in range(k)] for b in range(n)]


def naive_swaps(scores: Tensor, codes: Tensor, temperature: float) -> float:
    losses = []
    for a in range(len(codes)):
        for v in range(len(scores)):
            for b in range(scores.shape[1]) if v != a else ():
                logits = [math.exp(x / temperature) for x in scores[v, b].tolist()]
                chances = [x / sum(logits) for x in logits]
                code = codes[a, b].tolist()
                losses.append(-sum(q * math.log(p) for q, p in zip(code, chances, strict=True)))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("iterations", [1, 3])
@pytest.mark.parametrize(("n", "k"), [(6, 4), (3, 9)])
def test_sinkhorn_equals_the_pseudocode(n: int, k: int, iterations: int) -> None:
    scores = cosines(n, k)
    want = torch.tensor(naive_sinkhorn(scores, 0.05, iterations), dtype=torch.float64)
    torch.testing.assert_close(sinkhorn(scores, 0.05, iterations), want, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("assigned", [1, 2, 3])
@pytest.mark.parametrize("views", [3, 4])
def test_swaps_equal_loops(views: int, assigned: int) -> None:
    scores, codes = cosines(views, 5, 4), random(assigned, 5, 4, seed=1).softmax(dim=-1)
    want = naive_swaps(scores, codes, 0.1)
    assert float(swapped_prediction(scores, codes, 0.1)) == pytest.approx(want, rel=1e-9)


def test_codes_are_shares_and_prototypes_are_used_equally() -> None:
    codes = sinkhorn(cosines(12, 5), 0.05, 200)
    torch.testing.assert_close(codes.sum(dim=1), torch.ones(12, dtype=torch.float64))
    torch.testing.assert_close(codes.sum(dim=0), torch.full((5,), 12 / 5, dtype=torch.float64))


def test_order_of_samples_prototypes_and_views_does_not_matter() -> None:
    scores = cosines(2, 8, 5)
    samples, prototypes = torch.randperm(8), torch.randperm(5)
    codes = torch.stack([sinkhorn(view, 0.05, 3) for view in scores])
    torch.testing.assert_close(sinkhorn(scores[0][samples], 0.05, 3), codes[0][samples])
    torch.testing.assert_close(sinkhorn(scores[0][:, prototypes], 0.05, 3), codes[0][:, prototypes])
    want = swapped_prediction(scores, codes, 0.1)
    torch.testing.assert_close(swapped_prediction(scores.flip(0), codes.flip(0), 0.1), want)
    torch.testing.assert_close(swapped_prediction(scores[:, samples], codes[:, samples], 0.1), want)
    assert not torch.isclose(swapped_prediction(scores, codes.roll(1, dims=1), 0.1), want)


def test_what_is_not_counted_does_not_count() -> None:
    scores = cosines(9, 4)
    counted = torch.arange(9) < 6
    got = sinkhorn(scores, 0.05, 3, counted)
    torch.testing.assert_close(got[:6], sinkhorn(scores[:6], 0.05, 3))
    assert bool(got.isfinite().all())
    everything = sinkhorn(scores, 0.05, 3, torch.ones(9, dtype=torch.bool))
    assert torch.equal(everything, sinkhorn(scores, 0.05, 3))
    assert not torch.isclose(everything[:6], got[:6]).all()


def test_gradient_reaches_scores() -> None:
    codes = random(2, 4, 3, seed=1).softmax(dim=-1)
    scores = cosines(3, 4, 3).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: swapped_prediction(x, codes, 0.2), scores)


@pytest.mark.parametrize("value", [0.0, 1.0, 5.0])
def test_collapse_is_shared_out_equally_and_stays_finite(value: float) -> None:
    scores = torch.full((2, 6, 4), value, requires_grad=True)
    codes = torch.stack([sinkhorn(view.detach(), 0.05, 3) for view in scores])
    torch.testing.assert_close(codes, torch.full((2, 6, 4), 0.25))
    total = swapped_prediction(scores, codes, 0.1)
    total.backward()
    assert total.item() == pytest.approx(math.log(4), rel=1e-6)
    assert scores.grad is not None
    assert bool(scores.grad.isfinite().all())


@pytest.mark.parametrize("epsilon", [0.003, 0.029, 0.03, 0.05])
def test_cosines_at_their_ends_neither_overflow_nor_vanish(epsilon: float) -> None:
    """One prototype is far from all samples, one sample far from all prototypes."""
    scores = cosines(6, 4).clamp(-0.9, 0.9)
    scores[:, 0], scores[0] = -1, -1
    scores[1, 1] = 1
    codes = sinkhorn(scores.float(), epsilon, 3)
    assert codes.dtype == torch.float32
    torch.testing.assert_close(codes.sum(dim=1), torch.ones(6))
    log = scores.float().double() / epsilon
    for _ in range(3):
        log = log - log.logsumexp(dim=0, keepdim=True)
        log = log - log.logsumexp(dim=1, keepdim=True)
    torch.testing.assert_close(codes, log.exp().float(), rtol=1e-3, atol=1e-5)


def test_keeps_float32_under_autocast() -> None:
    scores = cosines(2, 16, 8).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        codes = sinkhorn(scores[0], 0.05, 3)
        inside = swapped_prediction(scores, codes[None], 0.1)
        assert sinkhorn(scores[0].bfloat16(), 0.05, 3).dtype == torch.float32
        assert swapped_prediction(scores.bfloat16(), codes[None], 0.1).dtype == torch.float32
    assert torch.equal(codes, sinkhorn(scores[0], 0.05, 3))
    assert torch.equal(inside, swapped_prediction(scores, codes[None], 0.1))


def test_one_view_or_more_codes_than_views_is_refused() -> None:
    scores = cosines(2, 4, 3)
    for few, codes in ((scores[:1], scores[:1]), (scores, cosines(3, 4, 3))):
        with pytest.raises(ValueError, match="two views or more and no more codes"):
            swapped_prediction(few, codes, 0.1)
