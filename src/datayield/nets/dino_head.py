"""DINO's head: a bottleneck on the unit sphere, and its cosines with learned directions."""

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from datayield.maths.precision import no_autocast, widened

INIT_STD = 0.02  # of the linear layers, as for the authors' ViTs


def bottleneck(dim: int, widths: tuple[int, ...]) -> nn.Sequential:
    """A perceptron [B, dim] -> [B, widths[-1]] with biases, GELU between layers, no BatchNorm."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise((dim, *widths)):
        linear = nn.Linear(inputs, outputs)
        nn.init.trunc_normal_(linear.weight, std=INIT_STD)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.GELU()]
    return nn.Sequential(*layers[:-1])


class Prototypes(nn.Module):
    """Cosines of embeddings with `count` directions: [..., dim] -> [..., count], in [-1, 1].

    A linear layer under weight normalisation whose lengths are fixed to 1. In float32 or better:
    divided by a temperature of 0.04, the 8 bits of a bfloat16 cosine would be too few.

    `init`: `normal`, rows about 1 long, or `uniform`, U(-1/sqrt(dim), 1/sqrt(dim)): what the
    authors' code (facebookresearch/dino, DINOHead) keeps of torch's linear layer, rows about
    0.577 long. The length does not change a cosine, only how far a step turns its row.
    """

    def __init__(self, dim: int, count: int, init: Literal["normal", "uniform"] = "normal") -> None:
        super().__init__()
        if init == "uniform":
            weight = torch.empty(count, dim).uniform_(-(dim**-0.5), dim**-0.5)
        else:
            weight = torch.randn(count, dim) / dim**0.5
        self.weight = nn.Parameter(weight)

    def forward(self, z: Tensor, frozen: bool = False) -> Tensor:
        """The cosines; with `frozen` no gradient reaches the directions, only the embeddings."""
        weight = self.weight.detach() if frozen else self.weight
        with no_autocast(z):
            return F.linear(F.normalize(widened(z), dim=-1), F.normalize(weight, dim=-1))
