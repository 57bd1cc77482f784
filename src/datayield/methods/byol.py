"""BYOL: predict the embedding that a moving-average teacher gives another view."""

import torch
from torch import Tensor, nn

from datayield.maths import distillation
from datayield.maths.schedules import ramp
from datayield.methods.forward_views import forward_each
from datayield.methods.loss import Loss, loss
from datayield.nets.distributed import gathered
from datayield.nets.encoder import Encoder
from datayield.nets.heads import projector
from datayield.nets.teacher import Teacher
from datayield.spec.run import method as spec_method


class BYOL(nn.Module):
    """Grill et al. 2020, arXiv 2006.07733. Two or more views, of one size, embedded separately.

    Without negatives: predictor and teacher prevent collapse. Heads have no bias, which BatchNorm
    would cancel in all layers but the last; `bias` gives the last layers of both heads one.
    """

    def __init__(self, spec: spec_method.BYOLSpec, encoder: Encoder) -> None:
        super().__init__()
        self.spec = spec
        self.encoder = encoder
        self.projector = projector(encoder.dim, spec.projector, norm=True, last_bias=spec.bias)
        width = spec.projector[-1]
        self.predictor = projector(width, (spec.predictor, width), norm=True, last_bias=spec.bias)
        self.teacher = Teacher(self.encoder, self.projector)

    def forward(self, views: list[Tensor], t: float) -> Loss:
        """The loss of V views [B, 3, S, S] of the same B images. Nothing depends on `t`."""
        p = [self.predictor(z) for z in forward_each(self.encoder, self.projector, views)]
        targets = [self.teacher(view) for view in views]
        everyones = (gathered(torch.stack(z), dim=1) for z in (p, targets))  # [V, B, D]
        total = distillation.regression(*everyones)
        return loss(total, {"regression": total})

    def after_step(self, t: float) -> None:
        """Update the teacher, whose momentum rises to 1 with `t`."""
        self.teacher.follow(ramp(t, self.spec.momentum, 1.0), self.encoder, self.projector)
