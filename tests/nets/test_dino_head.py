import torch
from torch import nn
from torch.nn import functional as F

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
