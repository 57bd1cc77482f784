import torch
from torch import nn

from datayield.nets.heads import projector


def kinds(head: nn.Sequential) -> list[str]:
    return [type(layer).__name__ for layer in head]


def test_with_norm_no_layer_has_a_bias() -> None:
    head = projector(6, (8, 8, 4), norm=True)
    norm = ["Linear", "BatchNorm1d", "ReLU"]
    assert kinds(head) == [*norm, *norm, "Linear"]
    assert all(layer.bias is None for layer in head if isinstance(layer, nn.Linear))
    assert head(torch.randn(5, 6)).shape == (5, 4)


def test_without_norm_every_layer_has_one() -> None:
    head = projector(6, (8, 4), norm=False)
    assert kinds(head) == ["Linear", "ReLU", "Linear"]
    assert all(layer.bias is not None for layer in head if isinstance(layer, nn.Linear))


def test_the_last_layer_may_have_a_bias_beside_norms() -> None:
    head = projector(6, (8, 8, 4), norm=True, last_bias=True)
    assert [layer.bias is not None for layer in head if isinstance(layer, nn.Linear)] == [
        False,
        False,
        True,
    ]


def test_one_width_is_one_layer() -> None:
    assert kinds(projector(6, (4,), norm=True)) == ["Linear"]


def test_the_last_norm_learns_nothing() -> None:
    head = projector(6, (8, 4), norm=True, last_norm=True)
    assert kinds(head) == ["Linear", "BatchNorm1d", "ReLU", "Linear", "BatchNorm1d"]
    assert not list(head[-1].parameters())
    torch.testing.assert_close(head(torch.randn(64, 6)).mean(0), torch.zeros(4), atol=1e-6, rtol=0)
