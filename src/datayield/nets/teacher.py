"""The teacher of self-distillation: a network that follows another as a moving average."""

import copy

import torch
from torch import Tensor, nn


class Teacher(nn.Module):
    """A copy of `followed`, applied in sequence, without gradients.

    `follow` moves its parameters, and only them, toward the originals: theta' = m theta' +
    (1 - m) theta, equation 1 of Grill et al. 2020 (arXiv 2006.07733) and 2 of He et al. 2020
    (1911.05722). It stays in train mode with its student, so its BatchNorms normalise by the
    batch and keep running statistics of their own. All of it is in the state_dict.
    """

    def __init__(self, *followed: nn.Module) -> None:
        super().__init__()
        self.net = copy.deepcopy(nn.Sequential(*followed)).requires_grad_(False)

    @torch.no_grad()
    def forward(self, x: Tensor, parts: slice = slice(None)) -> Tensor:
        """The output for `x` of the teacher, or of some of its parts in sequence; no graph."""
        out: Tensor = self.net[parts](x)
        return out

    @torch.no_grad()
    def follow(self, momentum: float, *followed: nn.Module) -> None:
        """One step of the average: `followed` as given to the constructor, momentum in [0, 1]."""
        theirs: list[Tensor] = [p for module in followed for p in module.parameters()]
        ours: list[Tensor] = list(self.net.parameters())
        torch._foreach_lerp_(ours, theirs, 1 - momentum)
