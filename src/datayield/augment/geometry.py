"""Random resized crops: a window per sample, resampled to a square.

Resampling is separable and linear, so a batch of crops is two batched matrix products, with the
filters of each sample as its matrices. They run at the speed of the device's matrix unit, and
cropping and flipping are free: they only change the weights.
"""

import math
from typing import Literal, NamedTuple

import torch
from torch import Tensor

Interpolation = Literal["bilinear", "bicubic"]
TRIES = 10


class Windows(NamedTuple):
    """Crop windows in whole pixels: four float tensors `[B]`."""

    top: Tensor
    left: Tensor
    height: Tensor
    width: Tensor


def draw_windows(
    uniform: Tensor,
    image: tuple[int, int],
    scale: tuple[float, float],
    ratio: tuple[float, float],
) -> Windows:
    """Windows in an `image` (height, width) from `uniform` `[2 * TRIES + 2, B]`, values in [0, 1).

    The distribution of torchvision's `RandomResizedCrop`: an area uniform in `scale`, an aspect
    (width / height) log-uniform in `ratio`, sides rounded to pixels, a position uniform among the
    possible ones. The first of ten candidates that fits is used; if none does, the largest central
    window with an aspect in `ratio`.
    """
    high, wide = image
    area = high * wide * between(uniform[:TRIES], *scale)
    aspect = between(uniform[TRIES : 2 * TRIES], *map(math.log, ratio)).exp()
    widths, heights = (area * aspect).sqrt().round(), (area / aspect).sqrt().round()
    fits = (widths > 0) & (widths <= wide) & (heights > 0) & (heights <= high)  # [TRIES, B]
    first = fits.int().argmax(0, keepdim=True)
    none = ~fits.any(0)
    central_height, central_width = _central(high, wide, ratio)
    height = heights.gather(0, first)[0].masked_fill(none, central_height)
    width = widths.gather(0, first)[0].masked_fill(none, central_width)
    top = _place(uniform[2 * TRIES], high - height, none)
    left = _place(uniform[2 * TRIES + 1], wide - width, none)
    return Windows(top, left, height, width)


def resized_crop(
    images: Tensor,
    top: Tensor,
    left: Tensor,
    height: Tensor,
    width: Tensor,
    flip: Tensor,
    size: int,
    interpolation: Interpolation = "bilinear",
) -> Tensor:
    """A window of each of `images` `[B, 3, H, W]` as `[B, 3, size, size]`, contiguous.

    The windows (`[B]` each, whole pixels) hold at least one pixel and lie inside the image; the
    result is mirrored left to right where `flip` `[B]` is set. uint8 is read as [0, 1]; floats
    keep their scale and dtype. First cropped, then resampled, with torchvision's antialiased
    filters, which widen with the step between pixels. bilinear, a triangle, is the default of
    `RandomResizedCrop`; it cannot overshoot, so colours stay in [0, 1] without a clamp. bicubic
    (Keys with a = -0.5, as PIL and torch antialias) overshoots at edges by up to a quarter of
    their height; clamp what it returns. If the process allows TF32 in matrix products, its 11 bits
    bound the error by 2e-3, half a grey level.
    """
    count, _, high, wide = images.shape
    kind = images.dtype if images.is_floating_point() else torch.float32
    rows = _filters(top, height, torch.zeros_like(flip), high, size, kind, interpolation)
    columns = _filters(left, width, flip, wide, size, kind, interpolation)
    if not images.is_floating_point():
        rows /= 255
    lines = rows @ images.permute(0, 2, 3, 1).flatten(2).to(kind)  # [B, size, W * 3]
    planes = lines.view(count, size, wide, 3).permute(0, 3, 1, 2).flatten(1, 2)  # [B, 3 * size, W]
    return (planes @ columns.mT).view(count, 3, size, size)


def _filters(
    start: Tensor,
    length: Tensor,
    reverse: Tensor,
    pixels: int,
    size: int,
    kind: torch.dtype,
    interpolation: Interpolation,
) -> Tensor:
    """Weights `[B, size, pixels]` that resample `length` pixels from `start` to `size`."""
    start, length, reverse = (v.to(kind)[:, None] for v in (start, length, reverse))
    step = length / size
    out = torch.arange(size, dtype=kind, device=start.device) + 0.5
    centre = start + step * torch.where(reverse != 0, size - out, out)  # [B, size]
    pixel = torch.arange(pixels, dtype=kind, device=start.device) + 0.5
    inside = (pixel > start) & (pixel < start + length)  # [B, pixels]
    weights = (pixel - centre[:, :, None]).abs_().mul_((-1 / step.clamp(min=1))[:, :, None])
    weights = weights.add_(1).clamp_(min=0) if interpolation == "bilinear" else _cubic(-weights)
    weights.mul_(inside[:, None])
    return weights.div_(weights.sum(2, keepdim=True))


def _cubic(distance: Tensor) -> Tensor:
    """The cubic convolution kernel with a = -0.5 at `distance` >= 0: 1 at 0, 0 from 2 on."""
    near = ((1.5 * distance - 2.5) * distance).mul_(distance).add_(1)
    d = distance.clamp(max=2)
    far = (((2.5 - 0.5 * d) * d).sub_(4)).mul_(d).add_(2)
    return torch.where(distance < 1, near, far)


def between(uniform: Tensor, low: float, high: float) -> Tensor:
    """`uniform` in [0, 1) scaled to [low, high)."""
    return low + (high - low) * uniform


def _place(uniform: Tensor, room: Tensor, centred: Tensor) -> Tensor:
    """An integer offset uniform in 0..room, or the middle. `minimum`: u * n may round up to n."""
    anywhere = torch.minimum((uniform * (room + 1)).floor(), room)
    return torch.where(centred, torch.div(room, 2, rounding_mode="floor"), anywhere)


def _central(high: int, wide: int, ratio: tuple[float, float]) -> tuple[int, int]:
    """Height and width of the largest window with an aspect in `ratio`."""
    if wide / high < ratio[0]:
        return max(1, round(wide / ratio[0])), wide
    if wide / high > ratio[1]:
        return high, max(1, round(high * ratio[1]))
    return high, wide
