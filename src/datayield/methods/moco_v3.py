"""MoCo v3: find an image's key, from a moving-average teacher, among the keys of the batch."""

import torch
from torch import Tensor, nn

from datayield.maths.contrastive import info_nce
from datayield.maths.schedules import ramp
from datayield.methods.forward_views import forward_each
from datayield.methods.loss import Loss, loss
from datayield.nets.distributed import gathered
from datayield.nets.encoder import Encoder
from datayield.nets.heads import projector
from datayield.nets.teacher import Teacher
from datayield.spec.run import method as spec_method


class MoCoV3(nn.Module):
    """Chen et al. 2021, arXiv 2104.02057. Two or more views, of one size, embedded separately.

    A ViT's random patch projection is frozen (section 4.3: its gradients spike otherwise) and the
    predictor ends in BatchNorm too. Position embeddings are learned, unlike the authors'.
    """

    def __init__(self, spec: spec_method.MoCoV3Spec, encoder: Encoder) -> None:
        super().__init__()
        self.spec = spec
        self.encoder = encoder
        patches = getattr(getattr(encoder.body, "patch_embed", None), "proj", None)
        if patches is not None:
            patches.requires_grad_(False)
        self.projector = projector(encoder.dim, spec.projector, norm=True, last_norm=True)
        width = spec.projector[-1]
        self.predictor = projector(
            width, (spec.predictor, width), norm=True, last_norm=patches is not None
        )
        self.teacher = Teacher(self.encoder, self.projector)

    def forward(self, views: list[Tensor], t: float) -> Loss:
        """The loss of V views [B, 3, S, S] of the same B images. Nothing depends on `t`."""
        q = [self.predictor(z) for z in forward_each(self.encoder, self.projector, views)]
        k = [self.teacher(view) for view in views]
        queries, keys = (gathered(torch.stack(z), dim=1) for z in (q, k))  # [V, B, D]
        total = info_nce(queries, keys, self.spec.temperature)
        return loss(total, {"info_nce": total})

    def after_step(self, t: float) -> None:
        """Update the teacher, whose momentum rises to 1 with `t`."""
        self.teacher.follow(ramp(t, self.spec.momentum, 1.0), self.encoder, self.projector)
