"""The first images of a run and their views, as pixels: what its first training step sees."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from datayield.augment.normalise import MEAN, STD
from datayield.augment.views import make_views
from datayield.run.training_data import training_data_of
from datayield.spec.run import RunSpec


class FirstViews(NamedTuple):
    """uint8 images [B, H, W, 3], and each of their views [B, S, S, 3], normalisation undone."""

    images: NDArray[np.uint8]
    views: tuple[NDArray[np.uint8], ...]


def first_views(spec: RunSpec, images: int) -> FirstViews:
    """Of the first images of the first batch. Raises what reading the run's images raises."""
    data = training_data_of(spec, torch.device("cpu"))
    part = slice(0, min(images, spec.batch))
    pixels = data.images.batch(spec.seed, 0, spec.batch, part)
    views = make_views(pixels, spec.views, spec.seed, 0, spec.batch, 0)
    return FirstViews(_last(pixels), tuple(map(as_pixels, views)))


def as_pixels(views: Tensor) -> NDArray[np.uint8]:
    """Normalised views [B, 3, S, S] as uint8 pixels [B, S, S, 3]."""
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD))
    return _last((views.float() * std + mean).mul(255).round().clamp(0, 255).byte())


def _last(images: Tensor) -> NDArray[np.uint8]:
    """Channels last."""
    return np.ascontiguousarray(images.permute(0, 2, 3, 1).numpy())
