import copy

import pytest
import torch
from torch import Tensor

from datayield.optim.lars import LARS

LR, MOMENTUM, DECAY, ETA = 0.3, 0.9, 1e-2, 0.02


def random(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def gradient(step: int, index: int, like: Tensor) -> Tensor:
    return random(*like.shape, seed=100 * step + index)


def naive(
    weights: list[Tensor], plain: list[Tensor], rates: list[float], clip: bool
) -> list[Tensor]:
    """Algorithm 1 of You et al., weight by weight, with SGD for `plain`."""
    out = []
    for index, w in enumerate([*weights, *plain]):
        w = w.clone()
        momentum = torch.zeros_like(w)
        for step, lr in enumerate(rates):
            g = gradient(step, index, w)
            decay, ratio = 0.0, 1.0
            if index < len(weights):
                decay = DECAY
                wn, gn = float(w.norm()), float(g.norm())
                if wn > 0 and gn > 0:
                    ratio = ETA * wn / (gn + decay * wn)
                if clip:
                    ratio = min(ratio / lr, 1.0)
            momentum = MOMENTUM * momentum + ratio * (g + decay * w)
            w = w - lr * momentum
        out.append(w)
    return out


def optimizer(weights: list[Tensor], plain: list[Tensor], clip: bool) -> LARS:
    groups = [
        {"params": weights, "weight_decay": DECAY, "plain": False},
        {"params": plain, "weight_decay": 0.0, "plain": True},
    ]
    return LARS(groups, LR, MOMENTUM, eta=ETA, clip=clip)


def parameters() -> tuple[list[Tensor], list[Tensor]]:
    # Of very different sizes, so that the cap binds for one and not for another; one is zero.
    weights = [
        50 * random(4, 3, seed=1),
        0.1 * random(5, 2, 3, 3, seed=2),
        torch.zeros(2, 2).double(),
    ]
    return weights, [random(5, seed=3)]


@pytest.mark.parametrize("clip", [True, False])
def test_equals_the_algorithm_weight_by_weight(clip: bool) -> None:
    weights, plain = parameters()
    rates = [0.01, LR, 0.1, 0.05]
    want = naive(weights, plain, rates, clip)
    live = [w.clone().requires_grad_() for w in [*weights, *plain]]
    lars = optimizer(live[:3], live[3:], clip)
    for step, lr in enumerate(rates):
        for index, w in enumerate(live):
            w.grad = gradient(step, index, w)
        for group in lars.param_groups:
            group["lr"] = lr
        lars.step()
    for got, expected in zip(live, want, strict=True):
        torch.testing.assert_close(got.detach(), expected, rtol=1e-12, atol=1e-14)


def test_the_cap_makes_lr_an_upper_bound() -> None:
    w = torch.full((2, 2), 1e6, requires_grad=True)
    w.grad = torch.full((2, 2), 1.0)
    LARS([w], lr=0.5, eta=1.0, clip=True).step()
    torch.testing.assert_close(w.detach(), torch.full((2, 2), 1e6 - 0.5))


def test_scaling_a_gradient_changes_nothing_without_decay_and_cap() -> None:
    ends = []
    for scale in (1.0, 1000.0):
        w = random(3, 3, seed=0).requires_grad_()
        w.grad = scale * random(3, 3, seed=1)
        LARS([w], lr=0.1, clip=False).step()
        ends.append(w.detach())
    torch.testing.assert_close(ends[0], ends[1])


def test_a_rate_of_zero_moves_nothing_and_stays_finite() -> None:
    w = torch.ones(2, 2, requires_grad=True)
    w.grad = torch.ones(2, 2)
    lars = LARS([w], lr=0.0)
    lars.step()
    assert torch.equal(w.detach(), torch.ones(2, 2))
    assert bool(lars.state[w]["momentum_buffer"].isfinite().all())


def test_resumes_to_the_same_bits() -> None:
    def run(resume_at: int | None) -> Tensor:
        w = random(4, 4, seed=0).requires_grad_()
        lars = LARS([w], LR, weight_decay=DECAY)
        for step in range(6):
            if step == resume_at:
                state = copy.deepcopy(lars.state_dict())
                w = w.detach().clone().requires_grad_()
                lars = LARS([w], 1.0)
                lars.load_state_dict(state)
            w.grad = gradient(step, 0, w)
            lars.step()
        return w.detach()

    assert torch.equal(run(None), run(3))


def test_weights_without_a_gradient_are_left_alone_and_closures_refused() -> None:
    w = torch.ones(2, 2, requires_grad=True)
    lars = LARS([w], LR)
    lars.step()
    assert torch.equal(w.detach(), torch.ones(2, 2))
    assert not lars.state
    with pytest.raises(ValueError, match="no closure"):
        lars.step(lambda: 0.0)
