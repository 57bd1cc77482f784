"""The views of a batch: parameters are drawn on the CPU for the whole batch, then applied on the
device.

The parameters depend only on (seed, step, view) and the batch size, never on the device or on how
the batch is split: `apply` on a slice of the images with the same slice of the parameters gives
that slice of the result.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from datayield.augment.blur import gaussian_blur, taps_of
from datayield.augment.colour import brightness_, contrast_, grey, hue, saturation_, solarize
from datayield.augment.geometry import TRIES, between, draw_windows, resized_crop
from datayield.augment.jitter import draw_orders, jitter_
from datayield.augment.normalise import normalise_planes
from datayield.maths.to_device import to_device
from datayield.spec.run import ViewSpec

_WINDOW_ROWS = 2 * TRIES + 2
_ROWS = _WINDOW_ROWS + 10
_CACHE_BYTES = 3 << 19  # of float pixels per thread: 128 images of 32 px
_LAUNCH_BYTES = 3 << 22  # on a GPU: 1,024 images of 32 px


class Drawn(NamedTuple):
    """The parameters of one view: float32 `[B]` on the CPU. A neutral value means not applied."""

    top: Tensor  # the window, in whole pixels
    left: Tensor
    height: Tensor
    width: Tensor
    flip: Tensor  # 0 or 1
    brightness: Tensor  # factors, 1 is neutral
    contrast: Tensor
    saturation: Tensor
    hue: Tensor  # turns, 0 is neutral
    grey: Tensor  # 0 or 1
    sigma: Tensor  # of the blur, in pixels of the view; 0 is none
    solarize: Tensor  # 0 or 1
    order: Tensor  # of the jitter: a row of `jitter.ORDERS`; 0, as listed here, where it is fixed

    @property
    def jitter(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The factors of the colour jitter, as listed."""
        return self.brightness, self.contrast, self.saturation, self.hue

    def part(self, start: int, stop: int) -> "Drawn":
        """The parameters of samples `start` to `stop` of the batch."""
        return Drawn(*(values[start:stop] for values in self))


def make_views(
    images: Tensor,
    specs: tuple[ViewSpec, ...],
    seed: int,
    step: int,
    batch: int | None = None,
    start: int = 0,
) -> list[Tensor]:
    """All views of uint8 `images` `[B, 3, H, W]`, in the order of `specs`.

    Each is float32 `[B, 3, size, size]`, normalised, channels last, on the device of `images`.
    `images` may be the part of a batch of `batch` images that starts at `start`; its views are then
    that part of the whole batch's views.
    """
    (views,) = make_views_of_steps([images], specs, seed, step, batch, start)
    return views


def make_views_of_steps(
    images: list[Tensor],
    specs: tuple[ViewSpec, ...],
    seed: int,
    first: int,
    batch: int | None = None,
    start: int = 0,
) -> list[list[Tensor]]:
    """`make_views` of the `images` of each of several steps in a row, from step `first` on.

    Bit-identical to step by step. Small batches are made in fewer, larger operations: as many
    images at once as `images_at_once`.
    """
    count, _, *sides = images[0].shape
    whole, columns = count if batch is None else batch, slice(start, start + count)
    pixels = torch.cat(images)
    views: list[Tensor] = []  # each [steps * B, 3, size, size]
    for spec in specs:
        together = max(1, images_at_once(spec.size, pixels.device) // len(pixels))
        end = len(views) + spec.count
        while len(views) < end:
            these = range(len(views), min(end, len(views) + together))
            uniform = [
                _uniform(spec, whole, seed, first + k, view)[:, columns]
                for view in these
                for k in range(len(images))
            ]
            drawn = _drawn(spec, torch.cat(uniform, dim=1), (sides[0], sides[1]))
            made = _apply_in_parts(torch.cat([pixels] * len(these)), spec, drawn)
            views += torch.split(made, len(pixels))
    by_step = [torch.split(view, count) for view in views]
    return [[view[k] for view in by_step] for k in range(len(images))]


def images_at_once(size: int, device: torch.device) -> int:
    """How many views of `size` pixels are made at once.

    On a CPU, as many as stay in its caches between passes: bit-identical to all at once, and a
    fifth faster with one thread at 256 images of 32 px. Elsewhere a fixed number of bytes, beyond
    which an operation no longer waits for its launch.
    """
    bytes_each = 4 * 3 * size**2
    caches = torch.get_num_threads() * _CACHE_BYTES if device.type == "cpu" else _LAUNCH_BYTES
    return max(1, caches // bytes_each)


def draw(
    spec: ViewSpec, batch: int, image: tuple[int, int], seed: int, step: int, view: int
) -> Drawn:
    """The parameters of one view for each of `batch` images of size `image` (height, width).

    A pure function of its arguments. Drawn with NumPy, which accepts seeds of any length; torch's
    CPU generator keeps 32 bits, so views of a long run would repeat by chance.
    """
    return _drawn(spec, _uniform(spec, batch, seed, step, view), image)


def _uniform(spec: ViewSpec, batch: int, seed: int, step: int, view: int) -> Tensor:
    """What `draw` is computed from, [_ROWS, batch] in [0, 1); a row more for a random order.

    That row comes last, so all else is drawn as without it.
    """
    source = np.random.default_rng([seed, step, view])
    rows = _ROWS + (spec.jitter_order == "random")
    return torch.from_numpy(source.random((rows, batch), dtype=np.float32))


def _drawn(spec: ViewSpec, uniform: Tensor, image: tuple[int, int]) -> Drawn:
    flip, jitter, bright, contrast, saturation, turn, grey_, blur, sigma, sun = uniform[
        _WINDOW_ROWS:_ROWS
    ]
    chosen = jitter < spec.jitter
    return Drawn(
        *draw_windows(uniform[:_WINDOW_ROWS], image, spec.scale, spec.ratio),
        flip=(flip < spec.flip).float(),
        brightness=_factor(bright, spec.brightness, chosen),
        contrast=_factor(contrast, spec.contrast, chosen),
        saturation=_factor(saturation, spec.saturation, chosen),
        hue=torch.where(chosen, between(turn, -spec.hue, spec.hue), 0.0),
        grey=(grey_ < spec.grey).float(),
        sigma=torch.where(blur < spec.blur, between(sigma, *spec.blur_sigma), 0.0),
        solarize=(sun < spec.solarize).float(),
        order=draw_orders(uniform[_ROWS]) if len(uniform) > _ROWS else torch.zeros_like(flip),
    )


def apply(images: Tensor, spec: ViewSpec, drawn: Drawn) -> Tensor:
    """The view of uint8 `images` `[B, 3, H, W]` that `drawn` describes, normalised.

    Computed in float32 regardless of autocast: bfloat16 cannot resolve neighbouring grey levels.
    """
    with torch.autocast(images.device.type, enabled=False):
        on = Drawn(*to_device(torch.stack(drawn), images.device))
        window = (on.top, on.left, on.height, on.width)
        view = resized_crop(images, *window, on.flip, spec.size, spec.interpolation or "bilinear")
        if spec.interpolation == "bicubic":
            view.clamp_(0, 1)
        if spec.jitter_order == "random":
            jitter_(view, torch.stack(drawn.jitter), torch.stack(on.jitter), drawn.order)
        else:
            brightness_(view, on.brightness)
            contrast_(view, on.contrast)
            saturation_(view, on.saturation)
            _where(drawn.hue, view, lambda x, at: hue(x, on.hue[at]))
        _where(drawn.grey, view, lambda x, _: grey(x))
        taps = taps_of(spec.blur_taps, spec.size, spec.blur_sigma[1])
        _where(drawn.sigma, view, lambda x, at: gaussian_blur(x, on.sigma[at], taps))
        _where(drawn.solarize, view, lambda x, _: solarize(x))
        return normalise_planes(view)


def _apply_in_parts(images: Tensor, spec: ViewSpec, drawn: Drawn) -> Tensor:
    """`apply`; on a CPU, to `images_at_once`. Bit-identical to all at once."""
    count, part = len(images), images_at_once(spec.size, images.device)
    if part >= count or images.device.type != "cpu":
        return apply(images, spec, drawn)
    starts = range(0, count, part)
    return torch.cat([apply(images[a : a + part], spec, drawn.part(a, a + part)) for a in starts])


def _where(values: Tensor, view: Tensor, change: Callable[[Tensor, Tensor], Tensor]) -> None:
    """Replace the samples of `view` with a non-zero value by the output of `change` on them.

    `values` are on the CPU, so that selecting them never synchronises with the device.
    """
    chosen = values.nonzero().flatten()
    if len(chosen):
        at = to_device(chosen, view.device)
        view.index_copy_(0, at, change(view.index_select(0, at), at))


def _factor(uniform: Tensor, strength: float, chosen: Tensor) -> Tensor:
    """Drawn from U[max(0, 1 - strength), 1 + strength] where chosen, else 1."""
    drawn = between(uniform, max(0.0, 1 - strength), 1 + strength)
    return torch.where(chosen, drawn, 1.0)
