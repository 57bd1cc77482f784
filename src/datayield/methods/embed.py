"""How views pass through encoder and projector: apart or together.

It matters because BatchNorm takes its statistics over what passes at once. Views drawn from
different distributions have different statistics, and each objective keeps its authors' choice.
"""

import torch
from torch import Tensor, nn


def apart(encoder: nn.Module, projector: nn.Module, views: list[Tensor]) -> list[Tensor]:
    """Each view in its own forward pass: V x [B, 3, S, S] -> V x [B, D] (Barlow Twins, VICReg).

    BatchNorm normalises a view by that view alone; its running statistics move V times a step.
    """
    return [projector(encoder(view)) for view in views]


def together(encoder: nn.Module, projector: nn.Module, views: list[Tensor]) -> Tensor:
    """All views, of one size, in one forward pass: V x [B, 3, S, S] -> [V, B, D] (SimCLR)."""
    z: Tensor = projector(encoder(torch.cat(views)))  # [V B, D]
    return z.view(len(views), -1, z.shape[1])
