"""Frozen features of images, the input of most evaluations."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from datayield.augment.normalise import MEAN, STD, normalise
from datayield.augment.views import make_views
from datayield.spec.run import ViewSpec

GRID = 16  # side to which the `pixels` baseline averages an image

# Images in a batch: a convolution of one image, and on some processors a product of fewer than 16
# rows, is computed in another way, 1e-6 apart.
FEWEST = 16


def extract(
    encoder: nn.Module,
    images: np.ndarray,
    device: torch.device,
    batch: int = 512,
    precision: Literal["fp32", "bf16"] = "fp32",
) -> Tensor:
    """Features [N, D] in float32 on the CPU of uint8 `images` [N, S, S, 3], unaugmented.

    `encoder` [B, 3, S, S] -> [B, D] must be on `device`. It runs in evaluation mode, and the mode
    of each of its modules is restored. On a CPU, an image's features do not depend on the others.
    """
    with evaluating(encoder):
        parts = [
            _encode(encoder, images[start : start + batch], device, precision)
            for start in range(0, len(images), batch)
        ]
    return torch.cat(parts).cpu()  # one synchronisation with the device, at the end


def central(images: np.ndarray, size: int) -> np.ndarray:
    """The central `size` x `size` pixels of images [N, S, S, 3], S >= size; as torchvision rounds.

    A centre an odd number of pixels smaller lies half a pixel off, to the nearest even offset.
    """
    start = round((images.shape[1] - size) / 2)
    return images[:, start : start + size, start : start + size]


def extract_views(
    encoder: nn.Module,
    images: np.ndarray,
    view: ViewSpec,
    seed: int,
    device: torch.device,
    batch: int = 64,
    step: int = 0,
) -> Tensor:
    """Features [N, q, D] in float32 on the CPU of `view.count` = q random views of each image.

    `images` uint8 [N, S, S, 3], `encoder` as for `extract`. The views depend on `seed`, `step` and
    the position of an image among the N, not on `batch` or the device.
    """
    with evaluating(encoder), torch.inference_mode():
        parts = []
        for start in range(0, len(images), batch):
            pixels = _planes(images[start : start + batch]).to(device, non_blocking=True)
            views = make_views(pixels, (view,), seed, step, len(images), start)
            parts.append(torch.stack([encoder(x).float() for x in views], dim=1))
    return torch.cat(parts).cpu()


def project(projector: nn.Module, features: Tensor, device: torch.device) -> Tensor:
    """Projections [..., P] in float32 on the CPU of `features` [..., D], in evaluation mode."""
    with evaluating(projector), torch.inference_mode():
        flat = features.flatten(0, -2)
        parts = [projector(part.to(device)).float() for part in torch.split(flat, 4096)]
    return torch.cat(parts).cpu().view(*features.shape[:-1], -1)


@contextmanager
def evaluating(net: nn.Module) -> Iterator[None]:
    """Evaluation mode for the block; the mode of each module is restored afterwards."""
    modes = [(module, module.training) for module in net.modules()]
    net.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


class PixelEncoder(nn.Module):
    """The `pixels` baseline on views: normalised [B, 3, S, S] -> [B, 768], as `pixel_features`."""

    def forward(self, views: Tensor) -> Tensor:
        """Rescaled to [0, 1] and averaged down to 16 x 16."""
        mean, std = (views.new_tensor(v)[:, None, None] for v in (MEAN, STD))
        return F.adaptive_avg_pool2d(views * std + mean, GRID).flatten(1)


def pixel_features(images: np.ndarray) -> Tensor:
    """The `pixels` baseline: uint8 [N, S, S, 3] averaged down to 16 x 16, in [0, 1], [N, 768]."""
    parts = [
        F.adaptive_avg_pool2d(_planes(images[start : start + 512]).float(), GRID)
        .div(255)
        .flatten(1)
        for start in range(0, len(images), 512)
    ]
    return torch.cat(parts)


@torch.inference_mode()
def _encode(encoder: nn.Module, images: np.ndarray, device: torch.device, precision: str) -> Tensor:
    if len(images) < FEWEST:
        filled = images[np.arange(FEWEST) % len(images)]
        return _encode(encoder, filled, device, precision)[: len(images)]
    pixels = normalise(_planes(images).to(device, non_blocking=True))
    with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
        features: Tensor = encoder(pixels.contiguous(memory_format=torch.channels_last))
    return features.float()


def _planes(images: np.ndarray) -> Tensor:
    """uint8 [B, S, S, 3] -> [B, 3, S, S], channels last; a copy, as a memmap is read-only."""
    return torch.from_numpy(np.array(images)).permute(0, 3, 1, 2)
