"""finetune@1: the whole encoder and a linear layer trained to classify, then tested once."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from datayield.evals.result import EvalResult, missing_classes, scores
from datayield.evals.training import (
    EncoderWithHead,
    LabelledImages,
    describe_training,
    predict_batches,
    train,
)
from datayield.nets.encoder import Encoder
from datayield.spec.errors import DataError
from datayield.spec.evaluation import EvalSpec


def finetune(
    spec: EvalSpec,
    encoder: Encoder,
    train_part: LabelledImages,
    test: LabelledImages,
    device: torch.device,
) -> EvalResult:
    """Cross entropy on class numbers, by the protocol's `tuning`. Trains `encoder` in place.

    `train_loss` is the mean over the last epoch, on flipped images. Raises DataError if the
    training images have only one class.
    """
    classes, numbers = np.unique(train_part.targets, return_inverse=True)
    if len(classes) < 2:
        raise DataError(
            "a classifier needs training items of at least two classes",
            where=f"evaluations.{spec.name}",
            got=f"{len(numbers)} items of {len(classes)} class",
            hint="raise train_count, or choose another label",
        )
    net = EncoderWithHead(encoder, encoder.dim, len(classes), tokens=False, seed=spec.seed).to(
        device
    )
    labelled = LabelledImages(train_part.images, numbers.astype(np.int64))
    last = train(net, spec, labelled, device, F.cross_entropy)
    predicted = torch.cat(
        [part.argmax(dim=1) for part in predict_batches(net, test.images, device)]
    ).cpu()
    known, truth = torch.from_numpy(classes), _classes(test)
    missing, notes = missing_classes(known, truth)
    pred = known[predicted]
    metrics, intervals = scores(pred, truth, spec.seed)
    metrics |= {"train_loss": last, "classes_missing_in_train": float(missing)}
    n = len(numbers)
    notes += (describe_training(spec, n),)
    return EvalResult(metrics, intervals, n, len(truth), notes, (pred == truth)[None])


def _classes(labelled: LabelledImages) -> Tensor:
    return torch.from_numpy(np.asarray(labelled.targets, np.int64))
