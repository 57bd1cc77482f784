"""Pixel normalisation by constants that are the same for every dataset.

An encoder for other statistics (`encoder.normalise`) converts what it sees itself, so that it sees
the same scale in pretraining and in every evaluation.
"""

from functools import cache

import torch
from torch import Tensor

from datayield.spec.run import PIXEL_STATISTICS

# ImageNet's mean and standard deviation of RGB in [0, 1]. Deliberately fixed and not looked up by
# dataset name: statistics would be another variable that changes with the data under study, a
# mixture has none of its own, and an encoder needs the same scale in every evaluation.
MEAN, STD = PIXEL_STATISTICS["imagenet"]


def normalise(images: Tensor) -> Tensor:
    """uint8 `[B, 3, H, W]` -> float32 `(x / 255 - MEAN) / STD`, same shape, channels last."""
    high, width = images.shape[2:]
    pixels = images.permute(0, 2, 3, 1).contiguous().float().flatten(2)  # [B, H, W * 3]
    scale, shift = _affine(images.device)
    # One vector per row of pixels: broadcasting over 3 innermost values would be 10 times slower.
    pixels = (pixels * scale.div(255).repeat(width)).add_(shift.repeat(width))
    return pixels.view(-1, high, width, 3).permute(0, 3, 1, 2)


def normalise_planes(images: Tensor) -> Tensor:
    """Contiguous float `[B, 3, H, W]` in [0, 1], overwritten -> normalised, channels last."""
    scale, shift = _affine(images.device)
    images.mul_(scale.view(3, 1, 1)).add_(shift.view(3, 1, 1))
    return images.contiguous(memory_format=torch.channels_last)


@cache  # a copy to a GPU would wait for it
def _affine(device: torch.device) -> tuple[Tensor, Tensor]:
    """`(x - MEAN) / STD` as `x * scale + shift`, each `[3]`."""
    mean, std = torch.tensor(MEAN, device=device), torch.tensor(STD, device=device)
    return 1 / std, -mean / std
