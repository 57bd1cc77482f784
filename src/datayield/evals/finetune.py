"""finetune@1: the whole encoder and a linear layer trained to classify, then tested once."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from datayield.evals.result import Measured, missing_classes, scores
from datayield.evals.training import Shown, Tuned, how, outputs, train
from datayield.nets.encoder import Encoder
from datayield.spec.errors import DataError
from datayield.spec.evaluation import EvalSpec


def finetune(
    spec: EvalSpec, encoder: Encoder, train_part: Shown, test: Shown, device: torch.device
) -> Measured:
    """Cross entropy on class numbers; `spec.tuning` has the rest. Trains `encoder` in place.

    `train_loss` is the mean of the last epoch, on images as flipped. Raises DataError where the
    training images are of one class.
    """
    classes, numbers = np.unique(train_part.targets, return_inverse=True)
    if len(classes) < 2:
        raise DataError(
            "a classifier needs training items from at least two classes",
            where=f"evaluations.{spec.name}",
            got=f"{len(numbers)} items of {len(classes)} class",
            hint="raise train_count, or choose another label",
        )
    net = Tuned(encoder, encoder.dim, len(classes), tokens=False, seed=spec.seed).to(device)
    shown = Shown(train_part.images, numbers.astype(np.int64))
    last = train(net, spec, shown, device, F.cross_entropy)
    found = torch.cat([part.argmax(dim=1) for part in outputs(net, test.images, device)]).cpu()
    known, truth = torch.from_numpy(classes), _classes(test)
    missing, notes = missing_classes(known, truth)
    metrics, intervals = scores(known[found], truth, spec.seed)
    metrics |= {"train_loss": last, "classes_missing_in_train": float(missing)}
    n = len(numbers)
    return Measured(metrics, intervals, n, len(truth), (*notes, how(spec, n)))


def _classes(shown: Shown) -> Tensor:
    return torch.from_numpy(np.asarray(shown.targets, np.int64))
