"""A frozen encoder, or none: what evaluations turn images into features with."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from datayield.augment.normalise import MEAN, STD
from datayield.augment.views import apply, draw
from datayield.evals.features import (
    BATCH,
    averaged,
    batches,
    encoded,
    evaluating,
    extract,
    pixel_features,
    planes,
)
from datayield.spec.views import ViewSpec


class Frozen(NamedTuple):
    """An encoder [B, 3, S, S] -> [B, D] on `device`; None stands for the pixels baseline."""

    encoder: nn.Module | None
    device: torch.device

    def plain(self, images: np.ndarray) -> Tensor:
        """Features [N, D] on the CPU of uint8 `images` [N, S, S, 3] as they are."""
        if self.encoder is None:
            return pixel_features(images)
        return extract(self.encoder, images, self.device)

    def augmented(self, images: np.ndarray, seed: int, epoch: int) -> Tensor:
        """Features [N, D] of one random crop of each image, at its size, flipped or not.

        Which crop is a function of (seed, epoch) and the number of images. Crops keep 8 to 100% of
        the area, as in the papers' linear probes; colours stay.
        """
        size = images.shape[1]
        view = ViewSpec(size=size, jitter=0.0, grey=0.0)
        drawn = draw(view, len(images), (size, size), seed, epoch, 0)
        parts, done = [], 0
        for part in batches(images, BATCH):
            pixels = planes(part).to(self.device, non_blocking=True)
            crops = apply(pixels, view, drawn.part(done, done + len(part)))
            parts.append(self._seen(crops))
            done += len(part)
        return torch.cat(parts).cpu()

    def _seen(self, crops: Tensor) -> Tensor:
        if self.encoder is None:
            mean, std = (crops.new_tensor(values).view(3, 1, 1) for values in (MEAN, STD))
            return averaged(crops * std + mean)
        with evaluating(self.encoder):
            return encoded(self.encoder, crops)
