"""Supervised: classify images by their labels."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from datayield.maths.precision import widened
from datayield.methods.loss import Loss, loss
from datayield.nets.distributed import gathered
from datayield.nets.encoder import Encoder
from datayield.spec.run import method as spec_method


class Supervised(nn.Module):
    """Cross entropy of one linear layer on the features (Bridge et al. 2025, section 2.3).

    One or more views, of one size. The only objective that gets the labels of the batch.
    """

    def __init__(self, spec: spec_method.SupervisedSpec, encoder: Encoder) -> None:
        super().__init__()
        self.spec = spec
        self.encoder = encoder
        self.head = nn.Linear(encoder.dim, spec.classes)

    def forward(self, views: list[Tensor], t: float, labels: Tensor) -> Loss:
        """The loss of V views [B, 3, S, S] of images with class numbers `labels` [B].

        The mean over views and the global batch. Nothing depends on `t`.
        """
        logits = widened(self.head(self.encoder(torch.cat(views))))  # [V B, classes]
        targets = labels.repeat(len(views))
        errors = F.cross_entropy(logits, targets, reduction="none")
        hits = (logits.argmax(dim=1) == targets).to(errors.dtype)
        rows = gathered(torch.stack((errors, hits), dim=1), dim=0)
        total, accuracy = rows.mean(dim=0)
        return loss(total, {"accuracy": accuracy})

    def after_step(self, t: float) -> None:
        """Does nothing: no state but the parameters."""
