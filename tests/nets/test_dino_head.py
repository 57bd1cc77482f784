from typing import Any, Literal

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from datayield.nets.dino_head import Prototypes, bottleneck


def test_bottleneck_has_biases_gelu_and_no_norm() -> None:
    head = bottleneck(6, (8, 8, 4))
    kinds = [type(layer) for layer in head]
    assert kinds == [nn.Linear, nn.GELU, nn.Linear, nn.GELU, nn.Linear]
    assert all(not layer.bias.any() for layer in head if isinstance(layer, nn.Linear))
    assert head(torch.randn(5, 6)).shape == (5, 4)


def test_prototypes_are_cosines_whatever_the_lengths() -> None:
    prototypes = Prototypes(4, 9)
    z = torch.randn(2, 5, 4)
    want = F.cosine_similarity(z[:, :, None], prototypes.weight, dim=-1)
    torch.testing.assert_close(prototypes(z), want)
    with torch.no_grad():
        prototypes.weight.mul_(torch.rand(9, 1) + 0.5)
    torch.testing.assert_close(prototypes(3 * z), want)


def test_frozen_lets_the_gradient_through_to_the_embeddings_alone() -> None:
    prototypes = Prototypes(4, 9)
    z = torch.randn(5, 4, requires_grad=True)
    assert torch.equal(prototypes(z, frozen=True), prototypes(z))
    prototypes(z, frozen=True).square().sum().backward()
    assert prototypes.weight.grad is None
    assert z.grad is not None
    assert bool(z.grad.any())


def test_they_keep_float32_under_autocast() -> None:
    prototypes, z = Prototypes(4, 9), torch.randn(5, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = prototypes(z)
    assert torch.equal(inside, prototypes(z))


def authors_layer(dim: int, count: int) -> nn.Linear:
    """The last layer of facebookresearch/dino's DINOHead: torch's weights, lengths fixed at 1."""
    layer = weight_norm(nn.Linear(dim, count, bias=False, dtype=torch.float64))
    layer.parametrizations.weight.original0.data.fill_(1)  # type: ignore[union-attr, operator]
    layer.parametrizations.weight.original0.requires_grad_(False)  # type: ignore[union-attr, operator]
    return layer


def directions(layer: Any) -> Tensor:
    """The vectors that weight normalisation keeps of the authors' layer."""
    vectors: Tensor = layer.parametrizations.weight.original1
    return vectors


def test_uniform_rows_are_those_of_torchs_linear_layer() -> None:
    ours, theirs = Prototypes(256, 4096, "uniform").weight, directions(authors_layer(256, 4096))
    for rows in (ours.detach(), theirs.detach()):
        assert float(rows.abs().max()) <= 1 / 16
        assert float(rows.norm(dim=1).mean()) == pytest.approx(3**-0.5, rel=0.002)
        assert float(rows.std()) == pytest.approx(1 / 16 / 3**0.5, rel=0.005)
    assert float(Prototypes(256, 4096).weight.detach().norm(dim=1).mean()) == pytest.approx(
        1.0, rel=0.002
    )


STEPS: dict[str, Any] = {
    "adamw": lambda weights: torch.optim.AdamW(weights, lr=1e-3, weight_decay=0.04),
    "sgd": lambda weights: torch.optim.SGD(weights, lr=0.3),
}


@pytest.mark.parametrize("name", list(STEPS))
def test_value_gradient_and_steps_are_the_authors_in_float64(name: str) -> None:
    torch.manual_seed(0)
    theirs, ours = authors_layer(16, 40), Prototypes(16, 40, "uniform").double()
    ours.weight.data.copy_(directions(theirs))
    optimizers = [STEPS[name]([p]) for p in (directions(theirs), ours.weight)]
    for _ in range(5):
        z = torch.randn(8, 16, dtype=torch.float64)
        target = torch.randn(8, 40, dtype=torch.float64).softmax(-1)
        outs = theirs(F.normalize(z, dim=-1)), ours(z)
        torch.testing.assert_close(*outs, rtol=1e-12, atol=1e-14)
        for out, optimizer in zip(outs, optimizers, strict=True):
            optimizer.zero_grad()
            (-target * (out / 0.1).log_softmax(-1)).sum(-1).mean().backward()
        torch.testing.assert_close(
            directions(theirs).grad, ours.weight.grad, rtol=1e-10, atol=1e-14
        )
        for optimizer in optimizers:
            optimizer.step()
    torch.testing.assert_close(directions(theirs), ours.weight, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(("name", "faster"), [("adamw", 3**0.5), ("sgd", 3.0)])
def test_how_much_faster_uniform_rows_turn(name: str, faster: float) -> None:
    """Of one length each, in one direction: a step of the same size turns a shorter row more."""

    def turned(init: Literal["normal", "uniform"]) -> float:
        torch.manual_seed(0)
        layer = Prototypes(256, 512, init).double()
        before = F.normalize(layer.weight.detach(), dim=1)
        z = torch.randn(64, 256, dtype=torch.float64)
        optimizer = STEPS[name]([layer.weight])
        target = torch.randn(64, 512, dtype=torch.float64).softmax(-1)
        (-target * (layer(z) / 0.1).log_softmax(-1)).sum(-1).mean().backward()
        optimizer.step()
        cosines = (F.normalize(layer.weight.detach(), dim=1) * before).sum(1)
        return float(torch.acos(cosines.clamp(max=1)).mean())

    assert turned("uniform") / turned("normal") == pytest.approx(faster, rel=0.05)
