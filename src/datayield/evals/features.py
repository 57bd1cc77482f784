"""Frozen features of images: what every evaluation starts from."""

from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from datayield.augment.normalise import normalise

GRID = 16  # side to which the `pixels` baseline averages an image


def extract(
    encoder: nn.Module,
    images: np.ndarray,
    device: torch.device,
    batch: int = 512,
    precision: Literal["fp32", "bf16"] = "fp32",
) -> Tensor:
    """Features [N, D] in float32 on the CPU of uint8 `images` [N, S, S, 3], unaugmented.

    `encoder` [B, 3, S, S] -> [B, D] must be on `device`. It works in evaluation mode, and each of
    its modules is left in the mode it was found in.
    """
    modes = [(module, module.training) for module in encoder.modules()]
    encoder.eval()
    try:
        parts = [
            _encode(encoder, images[start : start + batch], device, precision)
            for start in range(0, len(images), batch)
        ]
    finally:
        for module, mode in modes:
            module.training = mode
    return torch.cat(parts).cpu()  # one wait for the device, at the end


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
    pixels = normalise(_planes(images).to(device, non_blocking=True))
    with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
        features: Tensor = encoder(pixels.contiguous(memory_format=torch.channels_last))
    return features.float()


def _planes(images: np.ndarray) -> Tensor:
    """uint8 [B, S, S, 3] -> [B, 3, S, S], channels last; a copy, as a memmap is read-only."""
    return torch.from_numpy(np.array(images)).permute(0, 3, 1, 2)
