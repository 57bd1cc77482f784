"""Pass views through encoder and projector: one at a time or in one batch.

The choice matters because BatchNorm computes its statistics over a forward pass. Views drawn from
different distributions have different statistics. Each objective keeps its authors' choice, unless
it has a `norm_over` that says otherwise.
"""

from itertools import groupby
from typing import Literal

import torch
from torch import Tensor, nn


def forward_each(encoder: nn.Module, projector: nn.Module, views: list[Tensor]) -> list[Tensor]:
    """Each view in its own forward pass: V x [B, 3, S, S] -> V x [B, D] (Barlow Twins, VICReg).

    BatchNorm normalises each view separately; its running statistics are updated V times per step.
    """
    return [projector(encoder(view)) for view in views]


def forward_joint(encoder: nn.Module, projector: nn.Module, views: list[Tensor]) -> Tensor:
    """All views in one forward pass: V x [B, 3, S, S] -> [V, B, D] (SimCLR).

    Views of several sizes (multi-crop) pass the encoder size by size and the projector at once,
    as in section 3.4 of SwAV (arXiv 2006.09882) and in its authors' code.
    """
    same_size = [list(group) for _, group in groupby(views, key=lambda view: view.shape[-1])]
    features = [encoder(torch.cat(group)) for group in same_size]
    z: Tensor = projector(torch.cat(features) if len(features) > 1 else features[0])  # [V B, D]
    return z.view(len(views), -1, z.shape[1])


def forward_together(
    encoder: nn.Module,
    projector: nn.Module,
    views: list[Tensor],
    norm_over: Literal["apart", "together"] | None,
) -> Tensor:
    """`forward_joint`, or with `apart` each view in its own forward pass: [V, B, D] either way."""
    if norm_over == "apart":
        return torch.stack(forward_each(encoder, projector, views))
    return forward_joint(encoder, projector, views)


def large_views(views: list[Tensor]) -> list[Tensor]:
    """The views as large as the first: all except multi-crop's small ones."""
    return [view for view in views if view.shape[-1] == views[0].shape[-1]]
