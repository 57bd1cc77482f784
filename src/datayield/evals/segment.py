"""segment@1, segment@2: the encoder and a linear layer from each token to its pixels' classes."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from datayield.augment.normalise import normalise
from datayield.evals.result import LEVEL, RESAMPLES, EvalResult
from datayield.evals.training import (
    EncoderWithHead,
    LabelledImages,
    describe_training,
    predict_batches,
    train,
)
from datayield.maths.confusion import (
    confusion,
    intervals,
    mean_iou,
    mean_iou_per_image,
    pixel_accuracy,
)
from datayield.maths.masking import patchify
from datayield.nets.encoder import Encoder
from datayield.spec.errors import ConfigError, DataError
from datayield.spec.evaluation import EvalSpec


def segment(
    spec: EvalSpec,
    encoder: Encoder,
    train_part: LabelledImages,
    test: LabelledImages,
    device: torch.device,
) -> EvalResult:
    """Bridge et al. 2025, section 2.4: tokens of P x P pixels -> P^2 K logits, cross entropy.

    K is one more than the highest class among the labelled training pixels. `accuracy` and `miou`
    come from one confusion matrix over all labelled test pixels, `miou` over the classes that occur
    there in truth or prediction; their intervals are over images. `miou_per_image` is the mean of
    the mIoU of each image, as some codebases report it. Trains `encoder` in place.
    Raises DataError if fewer than two classes are labelled, ConfigError if the tokens do not tile
    the image.
    """
    seen = _labelled(train_part, spec, part="train", least=2)
    asked = _labelled(test, spec, part="test", least=1)
    classes = int(seen.max()) + 1
    patch, width = tiling(encoder, train_part.images[:1])
    net = EncoderWithHead(encoder, width, patch**2 * classes, tokens=True, seed=spec.seed).to(
        device
    )

    def loss(out: Tensor, masks: Tensor) -> Tensor:
        truth = _tiles(masks, patch, spec.ignore)
        logits = out.view(-1, classes)  # [B T P^2, K]
        errors = F.cross_entropy(logits, truth.flatten(), ignore_index=-1, reduction="sum")
        return errors / (truth >= 0).sum().clamp(min=1)  # a batch may have none

    last = train(net, spec, train_part, device, loss)
    per_image = _counts(net, spec, test, device, (patch, classes, int(asked.max()) + 1))
    whole = per_image.sum(0)
    strangers = np.setdiff1d(asked, seen)
    present = int(((whole.sum(0) + whole.sum(1)) > 0).sum())
    notes: tuple[str, ...] = (
        f"mIoU over {present} classes, from one confusion matrix over all test pixels",
    )
    if len(strangers):
        notes += (f"{len(strangers)} classes of the test masks are missing from train",)
    metrics = {
        "accuracy": float(pixel_accuracy(whole)),
        "miou": float(mean_iou(whole)),
        "miou_per_image": float(mean_iou_per_image(per_image)),
        "train_loss": last,
        "classes_missing_in_train": float(len(strangers)),
    }
    n, n_test = len(train_part.images), len(test.images)
    rng = np.random.Generator(np.random.PCG64(spec.seed))
    draws = torch.from_numpy(rng.multinomial(n_test, np.full(n_test, 1 / n_test), RESAMPLES))
    of_accuracy, of_miou = intervals(per_image, draws, LEVEL)
    ranges = {"accuracy": (of_accuracy.low, of_accuracy.high), "miou": (of_miou.low, of_miou.high)}
    return EvalResult(metrics, ranges, n, n_test, (*notes, describe_training(spec, n)))


def _counts(
    net: EncoderWithHead,
    spec: EvalSpec,
    test: LabelledImages,
    device: torch.device,
    sizes: tuple[int, int, int],
) -> Tensor:
    """Confusion matrices int64 [n, K, K] of the test images, K large enough for both sides.

    `sizes`: side of a token in pixels, predicted classes, classes in the test masks.
    """
    patch, classes, asked = sizes
    counts, at = [], 0
    for out in predict_batches(net, test.images, device):  # [B, T, P^2 classes]
        masks = torch.from_numpy(np.array(test.targets[at : at + len(out)])).to(device)
        truth = _tiles(masks, patch, spec.ignore).flatten(1)
        pred = out.view(len(out), -1, classes).argmax(dim=-1)
        counts.append(confusion(pred, truth, max(classes, asked)).cpu())
        at += len(out)
    return torch.cat(counts)


def _labelled(labelled: LabelledImages, spec: EvalSpec, part: str, least: int) -> np.ndarray:
    """Classes that occur in the masks, without the ignored value; at least `least`."""
    classes = np.unique(np.asarray(labelled.targets))
    classes = classes if spec.ignore is None else classes[classes != spec.ignore]
    if len(classes) < least:
        raise DataError(
            f"the {part} masks hold {len(classes)} classes that are not ignored",
            where=f"evaluations.{spec.name}: ignore, {part}_count",
            got=f"ignore: {spec.ignore}",
            hint="use more images, or check which value marks unlabelled pixels",
        )
    return classes


def _tiles(masks: Tensor, patch: int, ignore: int | None) -> Tensor:
    """Masks uint8 [B, S, S] -> classes of each token's pixels, int64 [B, T, P^2]; -1: none."""
    tiles = patchify(masks[:, None], patch).long()
    return tiles if ignore is None else tiles.masked_fill(tiles == ignore, -1)


@torch.no_grad()
def tiling(encoder: Encoder, image: np.ndarray) -> tuple[int, int]:
    """Side in pixels of the patch of a token, and the width of a token."""
    was = encoder.training
    device = next(encoder.parameters()).device
    pixels = torch.from_numpy(np.array(image)).to(device).permute(0, 3, 1, 2)
    tokens = encoder.eval().tokens(normalise(pixels))
    encoder.train(was)
    side, grid = image.shape[1], math.isqrt(tokens.shape[1])
    if grid**2 != tokens.shape[1] or side % grid or encoder.stride not in (None, side // grid):
        raise ConfigError(
            "the encoder's tokens do not tile an image of this size",
            where="evaluations: size",
            got=f"{tokens.shape[1]} tokens for {side} x {side} px",
            allowed="a multiple of the encoder's stride",
        )
    return side // grid, tokens.shape[2]
