"""Frozen features of images: what every evaluation starts from."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from datayield.augment.normalise import normalise

BATCH = 512  # images at once
GRID = 16  # side to which the `pixels` baseline averages an image


def extract(
    encoder: nn.Module,
    images: np.ndarray,
    device: torch.device,
    batch: int = BATCH,
    precision: Literal["fp32", "bf16"] = "fp32",
) -> Tensor:
    """Features [N, D] in float32 on the CPU of uint8 `images` [N, S, S, 3], unaugmented.

    `encoder` [B, 3, S, S] -> [B, D] must be on `device`. It works in evaluation mode, and each of
    its modules is left in the mode it was found in.
    """
    with evaluating(encoder):
        parts = [
            encoded(encoder, normalise(planes(part).to(device, non_blocking=True)), precision)
            for part in batches(images, batch)
        ]
    return torch.cat(parts).cpu()  # one wait for the device, at the end


def pixel_features(images: np.ndarray) -> Tensor:
    """The `pixels` baseline: uint8 [N, S, S, 3] averaged down to 16 x 16, in [0, 1], [N, 768]."""
    parts = [averaged(planes(part).float()).div(255) for part in batches(images, BATCH)]
    return torch.cat(parts)


def averaged(pixels: Tensor) -> Tensor:
    """[B, 3, S, S] -> [B, 768]: averaged down to 16 x 16."""
    return F.adaptive_avg_pool2d(pixels, GRID).flatten(1)


@contextmanager
def evaluating(encoder: nn.Module) -> Iterator[None]:
    """Inside, `encoder` is in evaluation mode; each module is then left as it was found."""
    modes = [(module, module.training) for module in encoder.modules()]
    encoder.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@torch.inference_mode()
def encoded(encoder: nn.Module, pixels: Tensor, precision: str = "fp32") -> Tensor:
    """Features [B, D] in float32 of normalised pixels [B, 3, S, S] on the encoder's device."""
    with torch.autocast(pixels.device.type, torch.bfloat16, enabled=precision == "bf16"):
        features: Tensor = encoder(pixels.contiguous(memory_format=torch.channels_last))
    return features.float()


def batches(images: np.ndarray, batch: int) -> Iterator[np.ndarray]:
    """`images` [N, ...] in parts of `batch`, the last one smaller."""
    for start in range(0, len(images), batch):
        yield images[start : start + batch]


def planes(images: np.ndarray) -> Tensor:
    """uint8 [B, S, S, 3] -> [B, 3, S, S], channels last; a copy, as a memmap is read-only."""
    return torch.from_numpy(np.array(images)).permute(0, 3, 1, 2)
