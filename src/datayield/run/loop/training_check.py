"""What a run's features and its loss look like at the end, compared with the untrained encoder."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from datayield.evals.features import extract
from datayield.maths.spectrum import effective_rank, feature_std
from datayield.nets import encoder as encoders
from datayield.spec.run import RunSpec
from datayield.store.records import FeatureSpread, TrainingCheckRecord

MOST, LEAST = 256, 32  # pretraining images whose features are compared, by two forward passes
FEWEST = 8  # logged losses whose spread says anything


def training_check(
    spec: RunSpec,
    weights: Mapping[str, Tensor],
    pixels: Tensor,
    losses: Sequence[float],
    device: torch.device,
) -> TrainingCheckRecord:
    """Measure the encoder with the trained `weights` on `pixels` uint8 [n, 3, S, S].

    And the untrained encoder, which is the baseline of that seed, also where the run started from
    other weights. `losses`: those logged, in order.
    """
    side = spec.views[0].size
    shown = pixels.cpu()
    if shown.shape[-1] != side:
        shown = F.interpolate(shown.float(), side, mode="bilinear", antialias=True).to(torch.uint8)
    images = shown.permute(0, 2, 3, 1).contiguous().numpy()
    net = encoders.build(spec.encoder, spec.seed).to(device)
    untrained, began = spread_of(extract(net, images, device, batch=64)), size_of(net)
    net.load_state_dict(weights, strict=True)
    return TrainingCheckRecord(
        images=len(images),
        trained=spread_of(extract(net, images, device, batch=64)),
        untrained=untrained,
        growth=grown if math.isfinite(grown := size_of(net) / began) else None,
        loss_change=loss_change(losses),
        supervised=spec.label is not None,
    )


def images_checked(spec: RunSpec, images: int) -> int:
    """How many of a run's `images` to look at: a few percent of its cost, at most."""
    return min(images, MOST, max(LEAST, spec.images // 20))


def spread_of(features: Tensor) -> FeatureSpread | None:
    """Effective rank and spread of features [n, d]; None where they are not finite."""
    if not bool(features.isfinite().all()):
        return None
    return FeatureSpread(rank=effective_rank(features), std=feature_std(features))


def size_of(net: nn.Module) -> float:
    """Root mean square of the parameters."""
    squares = sum(float(p.detach().double().square().sum()) for p in net.parameters())
    return math.sqrt(squares / sum(p.numel() for p in net.parameters()))


def loss_change(losses: Sequence[float]) -> float | None:
    """Range of the losses in the second half of training, as a fraction of the largest.

    None for fewer than 8 losses, or where all are 0.
    """
    late = losses[len(losses) // 2 :]
    largest = max(map(abs, late), default=0.0)
    if len(losses) < FEWEST or largest == 0:
        return None
    return (max(late) - min(late)) / largest
