"""segment@1: the whole encoder and a linear layer from each token to the classes of its pixels."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from datayield.augment.normalise import normalise
from datayield.evals.measured import LEVEL, RESAMPLES, Measured
from datayield.evals.tune import Shown, Tuned, how, outputs, train
from datayield.maths.confusion import confusion, intervals, mean_iou, pixel_accuracy
from datayield.maths.masking import patchify
from datayield.nets.encoder import Encoder
from datayield.spec.errors import ConfigError, DataError
from datayield.spec.evals import EvalSpec


def segment(
    spec: EvalSpec, encoder: Encoder, train_part: Shown, test: Shown, device: torch.device
) -> Measured:
    """Bridge et al. 2025, section 2.4: tokens of P x P pixels -> P^2 K logits, cross entropy.

    K is one more than the highest class among the labelled training pixels. `accuracy` and `miou`
    are of one confusion matrix over all labelled test pixels, `miou` over the classes that occur
    there in truth or in the answer; their intervals are over images. Trains `encoder` in place.
    Raises DataError where no class, or only one, is labelled, ConfigError where the tokens do not
    tile the image.
    """
    seen = _labelled(train_part, spec.ignore)
    truth_known = _labelled(test, spec.ignore)
    for part, found in ("train", seen), ("test", truth_known):
        if len(found) < (2 if part == "train" else 1):
            raise DataError(
                f"the {part} masks hold {len(found)} classes that are not ignored",
                where=f"evaluations.{spec.name}: ignore",
                got=spec.ignore,
                hint="raise train_count, or check which value marks unlabelled pixels",
            )
    classes = int(seen.max()) + 1
    patch, width = _tiling(encoder, train_part.images[:1])
    net = Tuned(encoder, width, patch**2 * classes, tokens=True, seed=spec.seed).to(device)

    def loss(out: Tensor, masks: Tensor) -> Tensor:
        truth = _tiles(masks, patch, spec.ignore)  # [B, T, P^2]
        logits = out.view(*truth.shape, classes)
        known = (truth >= 0).sum().clamp(min=1)  # none in a batch is no harm
        errors = F.cross_entropy(
            logits.flatten(0, 2), truth.flatten(), ignore_index=-1, reduction="sum"
        )
        return errors / known

    last = train(net, spec, train_part, device, loss)
    size = max(classes, int(truth_known.max()) + 1)
    counts, at = [], 0
    for out in outputs(net, test.images, device):
        masks = torch.from_numpy(np.array(test.targets[at : at + len(out)])).to(device)
        truth = _tiles(masks, patch, spec.ignore).flatten(1)
        pred = out.view(*out.shape[:2], patch**2, classes).argmax(dim=-1).flatten(1)
        counts.append(confusion(pred, truth, size).cpu())
        at += len(out)
    per_image = torch.cat(counts)
    whole = per_image.sum(0)
    rng = np.random.Generator(np.random.PCG64(spec.seed))
    n = len(per_image)
    draws = torch.from_numpy(rng.multinomial(n, np.full(n, 1 / n), size=RESAMPLES))
    of_accuracy, of_miou = intervals(per_image, draws, LEVEL)
    strangers = np.setdiff1d(truth_known, seen)
    notes: tuple[str, ...] = (
        f"mIoU over {int(((whole.sum(0) + whole.sum(1)) > 0).sum())} classes, one matrix",
    )
    if len(strangers):
        notes += (f"{len(strangers)} classes of the test masks are missing in train",)
    metrics = {
        "accuracy": float(pixel_accuracy(whole)),
        "miou": float(mean_iou(whole)),
        "train_loss": last,
        "classes_missing_in_train": float(len(strangers)),
    }
    trained = len(train_part.images)
    return Measured(
        metrics,
        {"accuracy": of_accuracy, "miou": of_miou},
        trained,
        n,
        (*notes, how(spec, trained)),
    )


def _labelled(shown: Shown, ignore: int | None) -> np.ndarray:
    """Classes that occur in the masks, without the one that is no class."""
    found = np.unique(np.asarray(shown.targets))
    return found[found != ignore] if ignore is not None else found


def _tiles(masks: Tensor, patch: int, ignore: int | None) -> Tensor:
    """Masks uint8 [B, S, S] -> the class of each token's pixels, int64 [B, T, P^2]; -1: no class."""
    tiles = patchify(masks[:, None], patch).long()
    return tiles if ignore is None else tiles.masked_fill(tiles == ignore, -1)


@torch.no_grad()
def _tiling(encoder: Encoder, image: np.ndarray) -> tuple[int, int]:
    """Side in pixels of what a token stands for, and the width of a token."""
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
            allowed="a size that the encoder's stride divides",
        )
    return side // grid, tokens.shape[2]
