"""Training a whole encoder on labelled images, for finetune@1, segment@1 and segment@2.

The last epoch is tested; no model is selected, so no image is held out.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from datayield.augment.normalise import normalise
from datayield.data.sampling import positions
from datayield.maths.schedules import rate
from datayield.nets.encoder import Encoder
from datayield.optim.build import build as build_optimizer
from datayield.optim.build import set_rate
from datayield.spec.errors import TrainingError
from datayield.spec.evaluation import EvalSpec, epochs_of, steps_and_batch, tuning_of
from datayield.spec.identity import digest

TEST_BATCH = 256
FLIPS = 0x666C6970  # "flip": a random stream separate from that of the order


class LabelledImages(NamedTuple):
    """Images uint8 [n, S, S, 3] and their labels: classes int64 [n], or masks uint8 [n, S, S]."""

    images: np.ndarray
    targets: np.ndarray


class EncoderWithHead(nn.Module):
    """An encoder and one linear layer, on pooled features or on each token.

    The layer has torch's default initialisation, drawn from `seed` only.
    """

    def __init__(self, encoder: Encoder, width: int, outputs: int, tokens: bool, seed: int) -> None:
        super().__init__()
        self.encoder, self.tokens = encoder, tokens
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(_stream("head", seed))
            self.head = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Images [B, 3, S, S] -> [B, outputs], or [B, T, outputs] for tokens."""
        out: Tensor = self.head(self.encoder.tokens(x) if self.tokens else self.encoder(x))
        return out


def train(
    net: EncoderWithHead,
    spec: EvalSpec,
    labelled: LabelledImages,
    device: torch.device,
    loss: Callable[[Tensor, Tensor], Tensor],
) -> float:
    """Train all of `net`, on `device`, by the protocol of `spec`; the mean loss of the last epoch.

    `loss(output, targets)` is that of a batch; masks are flipped with their images, if any
    are. Deterministic given weights, spec and images: order, flips and dropout come from
    `spec.seed`. Raises TrainingError if the loss is not finite.
    """
    optim, _, _, flips, decays_all = tuning_of(spec)
    n = len(labelled.images)
    steps, batch = steps_and_batch(spec, n)
    images, targets = (torch.from_numpy(np.array(part)).to(device) for part in labelled)
    optimizer = build_optimizer(net, optim)
    for group in optimizer.param_groups if decays_all else ():
        group["weight_decay"] = optim.weight_decay
    losses: list[Tensor] = []
    net.train()
    generators = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=generators):
        torch.manual_seed(_stream("layers", spec.seed))
        for step in range(steps):
            chosen = torch.from_numpy(positions(n, spec.seed, step, batch)).to(device)
            pixels, truth = images[chosen], targets[chosen]
            if flips:
                flipped = np.random.default_rng([FLIPS, spec.seed, step]).random(batch) < 0.5
                pixels, truth = _turned(pixels, truth, torch.from_numpy(flipped))
            value = loss(net(_input(pixels)), truth)
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(value)
            t = (step + 0.5) / steps
            factor = rate(
                t, optim.schedule, optim.warmup, optim.final, optim.milestones, optim.gamma
            )
            set_rate(optimizer, optim.lr * factor)
            optimizer.step()
            losses.append(value.detach())
    last = torch.stack(losses[-math.ceil(n / batch) :]).float().mean()
    if not bool(torch.isfinite(torch.stack(losses)).all()):
        raise TrainingError(
            "the loss is no longer finite",
            where=f"evaluations.{spec.name} ({spec.protocol})",
            hint="the encoder that it starts from may have diverged: check its pretraining log",
        )
    return float(last)


@torch.inference_mode()
def predict_batches(
    net: EncoderWithHead, images: np.ndarray, device: torch.device
) -> "list[Tensor]":
    """Outputs of `net` for images, batch by batch, in evaluation mode."""
    net.eval()
    parts = (images[start : start + TEST_BATCH] for start in range(0, len(images), TEST_BATCH))
    return [net(_input(torch.from_numpy(np.array(part)).to(device))) for part in parts]


def describe_training(spec: EvalSpec, n: int) -> str:
    """A description of the training, for the notes of a result."""
    steps, batch = steps_and_batch(spec, n)
    return (
        f"whole encoder fine-tuned: {epochs_of(spec)} epochs of {n} images, {steps} steps of "
        f"{batch}; the last epoch, nothing chosen"
    )


def _input(pixels: Tensor) -> Tensor:
    """uint8 [B, S, S, 3] -> normalised [B, 3, S, S]."""
    planes = normalise(pixels.permute(0, 3, 1, 2))
    return planes.contiguous(memory_format=torch.channels_last)


def _turned(pixels: Tensor, truth: Tensor, flipped: Tensor) -> tuple[Tensor, Tensor]:
    """Images [B, S, S, 3], and masks [B, S, S] if the targets are masks, flipped if `flipped`."""
    flipped = flipped.to(pixels.device)
    pixels = torch.where(flipped.view(-1, 1, 1, 1), pixels.flip(2), pixels)
    if truth.ndim == 3:
        truth = torch.where(flipped.view(-1, 1, 1), truth.flip(2), truth)
    return pixels, truth


def _stream(name: str, seed: int) -> int:
    return int(digest({"stream": name, "seed": seed}), base=16)
