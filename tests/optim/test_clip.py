"""Clipping against the formula of DINO's code and against torch's."""

import pytest
import torch
from torch import nn

from datayield.optim.clip import clip_gradients


def parameters(seed: int = 0) -> list[nn.Parameter]:
    noise = torch.Generator().manual_seed(seed)
    made = []
    for shape, size in (((4, 3), 5.0), ((3,), 0.01), ((2, 2, 2), 1.0), ((5,), 0.0)):
        p = nn.Parameter(torch.zeros(shape, dtype=torch.float64))
        p.grad = size * torch.randn(shape, generator=noise, dtype=torch.float64)
        made.append(p)
    made.append(nn.Parameter(torch.zeros(2)))  # took no part
    return made


@pytest.mark.parametrize("norm", [0.3, 3.0, 100.0])
def test_each_parameter_by_itself_as_in_dino(norm: float) -> None:
    ours, before = parameters(), parameters()
    clip_gradients(ours, norm, "parameter")
    for p, old in zip(ours, before, strict=True):
        if old.grad is None:
            assert p.grad is None
            continue
        factor = norm / (float(old.grad.norm(2)) + 1e-6)
        want = old.grad * factor if factor < 1 else old.grad
        torch.testing.assert_close(p.grad, want, rtol=1e-14, atol=0)


def test_of_the_model_is_torchs() -> None:
    ours, theirs = parameters(), parameters()
    clip_gradients(ours, 0.3, "model")
    torch.nn.utils.clip_grad_norm_(theirs, 0.3)
    for p, want in zip(ours, theirs, strict=True):
        assert (p.grad is None) == (want.grad is None)
        assert p.grad is None or torch.equal(p.grad, want.grad)  # type: ignore[arg-type]


def test_parameters_without_gradients_stay_as_they_are() -> None:
    ours = parameters()
    for p in ours:
        p.grad = None
    before = [p.detach().clone() for p in ours]
    clip_gradients(ours, 1.0, "parameter")
    assert all(p.grad is None for p in ours)
    assert all(torch.equal(p, old) for p, old in zip(ours, before, strict=True))
