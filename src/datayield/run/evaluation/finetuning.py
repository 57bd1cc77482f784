"""The evaluations that train the encoder: from decoded images and masks to results."""

import torch
from torch import nn

from datayield import evals
from datayield.evals import EvalResult, LabelledImages
from datayield.nets.encoder import Encoder
from datayield.run.evaluation.labels import chosen_images, labels_in
from datayield.spec.evaluation import EvalSpec


def fine_tune(
    ev: EvalSpec, encoder: nn.Module, device: torch.device
) -> tuple[EvalResult, tuple[str, ...]]:
    """Train `encoder`, on `device`, by the protocol of `ev`; the result and the splits' digests."""
    assert isinstance(encoder, Encoder)  # raw pixels, not an encoder, never get here
    train, train_digest = _shown(ev, ev.train, ev.train_count)
    test, test_digest = _shown(ev, ev.test, ev.test_count)
    return evals.tune(ev, encoder, train, test, device), (train_digest, test_digest)


def _shown(ev: EvalSpec, split: str, count: int | None) -> tuple[LabelledImages, str]:
    """The selected images of a split with their classes or masks, and the split's digest."""
    arrays, chosen = chosen_images(ev, split, count)
    targets = arrays.masks if ev.traits.reads_masks else labels_in(ev, split)[0]
    assert targets is not None  # verified by data.requirements
    return LabelledImages(arrays.images[chosen], targets[chosen]), arrays.digest
