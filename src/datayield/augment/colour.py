"""Colour operations on RGB in [0, 1], with a factor per sample.

They run in the order of `ViewSpec`: brightness, contrast, saturation, hue, then grey, blur and
solarize. torchvision shuffles the first four per call, as `jitter` does on request; a fixed order
processes the whole batch in one pass per operation. We know of no evidence that the order affects
what is learned, and have not measured it.

Functions ending in `_` overwrite their argument, a contiguous float `[B, 3, H, W]` (a new buffer
for every operation costs more than the arithmetic). A factor of 1 leaves a sample bit-identical, so
these run on all samples; the others run on the selected samples and return new ones.
Formulas and constants are those of torchvision's `v2.functional` on floats.
"""

import torch
from torch import Tensor

LUMA = (0.2989, 0.587, 0.114)  # ITU-R BT.601 as torchvision rounds it: the sum is 0.9999


def brightness_(images: Tensor, factor: Tensor) -> Tensor:
    """`images` times `factor` `[B]`, at most 1."""
    return images.mul_(_per_sample(factor)).clamp_(max=1)


def contrast_(images: Tensor, factor: Tensor) -> Tensor:
    """Blend with the mean grey of each sample; `factor` `[B]`, 0 is flat, 1 is unchanged."""
    mean = _luma(images.mean((2, 3), keepdim=True))  # linear: the mean of greys
    return images.mul_(_per_sample(factor)).add_(mean * _per_sample(1 - factor)).clamp_(0, 1)


def saturation_(images: Tensor, factor: Tensor) -> Tensor:
    """Blend with the grey image; `factor` `[B]`, 0 is grey, 1 is unchanged."""
    greys = _luma(images).mul_(_per_sample(1 - factor))
    return images.mul_(_per_sample(factor)).add_(greys).clamp_(0, 1)


def hue(images: Tensor, shift: Tensor) -> Tensor:
    """Rotate the hue by `shift` `[B]` in turns; HSV saturation and value are unchanged.

    Saturation is not computed: with value v, chroma c = max - min and hue h in turns, channel k is
    v - c * clamp(2 - |6 (h + p_k)|, 0, 1), with h + p_k wrapped to +-1/2 and p = (1/2, 1/6, -1/6)
    for red, green, blue. No branches, and the only division is the one for the hue.
    """
    red, green, blue = images.unbind(1)
    value = torch.maximum(torch.maximum(red, green), blue)
    chroma = value - torch.minimum(torch.minimum(red, green), blue)
    # `lerp` by a sign of 0 or 1 selects exactly as `where` does, and is much faster on a CPU.
    other = (blue - red).add_(chroma, alpha=2)  # where green is the largest
    other.lerp_((red - green).add_(chroma, alpha=4), (value - green).sign_())
    turn = (green - blue).lerp_(other, (value - red).sign_())
    turn.div_(chroma.mul(6).clamp_(min=torch.finfo(images.dtype).tiny))  # grey: 0 / tiny
    turn.add_(shift[:, None, None])
    out = torch.stack((turn + 1 / 2, turn + 1 / 6, turn - 1 / 6), 1)  # [B, 3, H, W]
    out.sub_(out.round()).abs_().mul_(-6).add_(2).clamp_(0, 1)
    return out.mul_(chroma.neg_()[:, None]).add_(value[:, None])


def grey(images: Tensor) -> Tensor:
    """The luma of each pixel in all three channels."""
    return _luma(images).expand_as(images)


def solarize(images: Tensor) -> Tensor:
    """Invert values of 1/2 and above: the smaller of `x` and `1 - x`."""
    return torch.minimum(images, 1 - images)


def _luma(images: Tensor) -> Tensor:
    """`[B, 3, H, W]` -> `[B, 1, H, W]`."""
    red, green, blue = images[:, 0:1], images[:, 1:2], images[:, 2:3]
    return red.mul(LUMA[0]).add_(green, alpha=LUMA[1]).add_(blue, alpha=LUMA[2])


def _per_sample(values: Tensor) -> Tensor:
    return values.view(-1, 1, 1, 1)
