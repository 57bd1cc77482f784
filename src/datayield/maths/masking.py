"""Masked image modelling: which cells are hidden, patches of pixels, and the loss over hidden ones.

Letters: B images, C channels, S x S pixels; T = (S / P)^2 patches of P x P pixels, row by row. A
patch's C P^2 values run channel by channel, each row by row: the order of a convolution's weights.
"""

import math

import torch
from torch import Tensor

from datayield.maths.precision import widened

_ROUNDING = 1e-9  # 0.07 * 100 is 7.000000000000001, of which the ceiling is not 8


def random_masks(
    count: int, side: int, cell: int, ratio: float, generator: torch.Generator | None = None
) -> Tensor:
    """Which tokens of `count` images are hidden: bool [count, side^2], on the CPU.

    An image of `side` x `side` tokens is cut into cells of `cell` x `cell` tokens, of which
    exactly ceil(ratio * cells) are hidden, uniformly at random (section 3.2 of Xie et al. 2022,
    arXiv 2111.09886). Drawn from `generator`, or from torch's global generator.
    Raises ValueError for a ratio outside (0, 1) or a side that is not a multiple of the cell.
    """
    if not 0 < ratio < 1:
        raise ValueError(f"ratio is a share of the cells, above 0 and below 1, got {ratio}")
    if side % cell:
        raise ValueError(f"{side} tokens on a side are not a multiple of a cell's {cell}")
    grid = side // cell
    hidden = math.ceil(ratio * grid**2 - _ROUNDING)
    chosen = torch.rand(count, grid**2, generator=generator).argsort(dim=1)[:, :hidden]
    cells = torch.zeros(count, grid**2, dtype=torch.bool).scatter_(1, chosen, True)
    cells = cells.view(count, grid, grid)
    return cells.repeat_interleave(cell, dim=1).repeat_interleave(cell, dim=2).flatten(1)


def patchify(x: Tensor, patch: int) -> Tensor:
    """Images [B, C, S, S] -> their patches [B, T, C P^2]. S must be a multiple of P = `patch`."""
    b, c, height, width = x.shape
    x = x.reshape(b, c, height // patch, patch, width // patch, patch)
    return x.permute(0, 2, 4, 1, 3, 5).reshape(b, -1, c * patch * patch)


def unpatchify(patches: Tensor, patch: int) -> Tensor:
    """Patches [B, T, C P^2] of square images -> the images [B, C, S, S]: inverse of `patchify`."""
    b, t, values = patches.shape
    grid = math.isqrt(t)
    x = patches.reshape(b, grid, grid, values // patch**2, patch, patch)
    return x.permute(0, 3, 1, 4, 2, 5).reshape(b, -1, grid * patch, grid * patch)


def reconstruction(pred: Tensor, target: Tensor, masked: Tensor) -> Tensor:
    """Mean absolute error over an image's hidden pixels and their channels, [B].

    `pred`, `target` [B, T, C P^2] are patches, `masked` bool [B, T] says which are hidden: at least
    one per image, else NaN. If all images hide equally many, the mean over the batch is the loss of
    Xie et al. 2022 (arXiv 2111.09886), sum |x - xhat| M / (sum M + 1e-5) / C, except for the 1e-5,
    which is below float32 resolution at the pixel count of a batch. There is one division, by
    hidden pixels; some ports divide the mean by the number of patches as well.
    In float32 or better.
    """
    errors = (widened(pred) - widened(target)).abs().mean(dim=2)  # [B, T]
    return (errors * masked).sum(dim=1) / masked.sum(dim=1)
