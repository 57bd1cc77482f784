"""Gaussian blur with a width per sample, as two banded matrices."""

import math
from typing import Literal

import torch
from torch import Tensor


def kernel_size(side: int) -> int:
    """Taps of the filter for images of `side` pixels: the odd number nearest to 10%, at least 3.

    10% as in SimCLR (Chen et al. 2020, appendix A): 3 taps at 32 px, 7 at 64, 23 at 224.
    Note that 3 taps cannot represent a wide Gaussian: above a sigma of 1 pixel they approach a box.
    """
    return max(3, 2 * round((0.1 * side - 1) / 2) + 1)


def taps_of(rule: Literal["tenth", "auto", "simclr"] | int | None, side: int, widest: float) -> int:
    """Taps of the filter for views of `side` pixels and sigmas up to `widest`.

    None and `tenth`: `kernel_size`. `auto`: three of the largest sigma on each side, at most the
    side, one number for all samples, so that it does not depend on what is drawn; beyond three
    sigma lies 0.3% of a Gaussian. `simclr`: its code's side // 10, halved, doubled and one more
    (google-research/simclr, data_util.py), which is 1, no blur, below 20 px. A number is itself.
    """
    if isinstance(rule, int):
        return rule
    if rule == "auto":
        return min(2 * math.ceil(3 * widest) + 1, side - (side + 1) % 2)
    if rule == "simclr":
        return 2 * (side // 10 // 2) + 1
    return kernel_size(side)


def gaussian_blur(images: Tensor, sigma: Tensor, taps: int) -> Tensor:
    """Blur each of `images` `[B, 3, H, W]` with its `sigma` `[B]` > 0 in pixels.

    The truncated, renormalised Gaussian of torchvision's `gaussian_blur`, reflected at the edges:
    `taps` is odd and below twice the side. Rows and columns are products with one banded matrix
    per sample, which on batches of small images is faster than a convolution per sample.
    """
    count, channels, high, wide = images.shape
    offset = torch.arange(taps, dtype=images.dtype, device=images.device) - taps // 2
    weights = (-0.5 * (offset / sigma.to(images.dtype)[:, None]).square()).softmax(1)  # [B, taps]
    columns, rows = _bands(weights, wide), _bands(weights, high)
    lines = images.reshape(count, channels * high, wide) @ columns.mT
    return rows[:, None] @ lines.view(count, channels, high, wide)


def _bands(weights: Tensor, side: int) -> Tensor:
    """Matrices `[B, side, side]` that filter a line of `side` pixels with `weights` `[B, taps]`."""
    taps = weights.shape[1]
    pixel = torch.arange(side, device=weights.device)
    source = pixel[:, None] + torch.arange(taps, device=weights.device) - taps // 2  # [side, taps]
    source = (side - 1) - ((side - 1) - source.abs()).abs()  # reflected, the edge not repeated
    hits = (source.mT[:, :, None] == pixel).to(weights.dtype)  # [taps, side, side]
    return (weights @ hits.flatten(1)).view(-1, side, side)
