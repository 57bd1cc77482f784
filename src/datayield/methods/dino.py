"""DINO: match the sharpened, centred output of a moving-average teacher on another view."""

import torch
from torch import Tensor, nn

from datayield.maths import distillation
from datayield.maths.schedules import linear, ramp
from datayield.methods.forward_views import forward_together, large_views
from datayield.methods.loss import Loss, loss
from datayield.nets.dino_head import Prototypes, bottleneck
from datayield.nets.distributed import gathered
from datayield.nets.encoder import Encoder
from datayield.nets.teacher import Teacher
from datayield.spec.run import method as spec_method


class DINO(nn.Module):
    """Caron et al. 2021, arXiv 2104.14294. Two or more views, embedded jointly unless `norm_over`.

    With views of several sizes the teacher sees the large ones (section 3.1, multi-crop).

    `centre` is the moving average of the teacher's mean logits (equation 4): it prevents collapse
    to one prototype, and the low temperature prevents collapse to uniform outputs.
    """

    centre: Tensor

    def __init__(self, spec: spec_method.DINOSpec, encoder: Encoder) -> None:
        super().__init__()
        self.spec = spec
        self.encoder = encoder
        self.projector = bottleneck(encoder.dim, spec.projector)
        self.prototypes = Prototypes(
            spec.projector[-1], spec.prototypes, spec.prototypes_init or "normal"
        )
        self.teacher = Teacher(self.encoder, self.projector, self.prototypes)
        self.register_buffer("centre", torch.zeros(spec.prototypes))

    def forward(self, views: list[Tensor], t: float) -> Loss:
        """The loss of V views [B, 3, S, S] of the same B images; updates the centre in train mode.

        Large views come first.

        `t` sets the teacher's temperature, and whether the prototypes are still frozen.
        """
        spec = self.spec
        cold = linear(
            t, spec.first_teacher_temperature, spec.teacher_temperature, spec.temperature_warmup
        )
        return self.loss_at(views, t < spec.freeze, cold)

    def loss_at(self, views: list[Tensor], frozen: bool, cold: float | Tensor) -> Loss:
        """`forward` at a temperature `cold` of the teacher; `frozen`: the prototypes."""
        spec = self.spec
        z = forward_together(self.encoder, self.projector, views, spec.norm_over)
        z = gathered(z, dim=1)  # [V, B, D]
        student = self.prototypes(z, frozen=frozen)
        seen = large_views(views)  # G of them
        if spec.norm_over == "apart":
            teacher = torch.stack([self.teacher(view, slice(2)) for view in seen])
        else:
            teacher = self.teacher(torch.cat(seen), slice(2)).unflatten(0, (len(seen), -1))
        teacher = self.teacher(gathered(teacher, dim=1), slice(2, None))  # [G, B, K]
        total = distillation.dino(student, teacher, self.centre, spec.temperature, cold)
        if self.training:
            shift = teacher.mean(dim=(0, 1)) - self.centre
            self.centre.add_(shift, alpha=1 - spec.centre_momentum)
        return loss(total, {"cross_entropy": total})

    def after_step(self, t: float) -> None:
        """Update the teacher, whose momentum rises to 1 with `t`."""
        momentum = ramp(t, self.spec.momentum, 1.0)
        self.teacher.follow(momentum, self.encoder, self.projector, self.prototypes)
