"""SwAV: cluster online, and predict the cluster of one view from another."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from datayield.maths.clustering import sinkhorn, swapped_prediction
from datayield.maths.precision import no_autocast, widened
from datayield.methods.forward_views import forward_together
from datayield.methods.loss import Loss, loss
from datayield.nets.distributed import gathered
from datayield.nets.encoder import Encoder
from datayield.nets.heads import projector
from datayield.spec.run import method as spec_method

ASSIGNED = 2  # views with codes: the first two, as in the authors' code


class SwAV(nn.Module):
    """Caron et al. 2020, arXiv 2006.09882. Two or more views, embedded jointly unless `norm_over`.

    Views may have several sizes, two large ones first (section 3.4, multi-crop).
    Codes are computed for the first two views; every other view predicts them. Prototypes are
    renormalised to unit length after each step. The queue fills from step 0, so it is full when it
    is first used, and empty rows never count; the authors' starts to fill later.
    """

    prototypes: Tensor
    queue: Tensor

    def __init__(self, spec: spec_method.SwAVSpec, encoder: Encoder) -> None:
        super().__init__()
        self.spec = spec
        self.encoder = encoder
        self.projector = projector(encoder.dim, spec.projector, norm=True, last_bias=spec.bias)
        dim = spec.projector[-1]
        self.prototypes = nn.Parameter(F.normalize(torch.randn(spec.prototypes, dim), dim=1))
        self.register_buffer("queue", torch.zeros(ASSIGNED, spec.queue, dim))  # newest first

    def forward(self, views: list[Tensor], t: float) -> Loss:
        """The loss of V views [B, 3, S, S] of the same B images, at fraction `t` of the budget.

        Prototypes get no gradient while t < freeze; the queue is used once t >= queue_from.
        """
        queued = bool(self.spec.queue) and t >= self.spec.queue_from
        return self.loss_at(views, t < self.spec.freeze, queued)

    def loss_at(self, views: list[Tensor], frozen: bool, queued: bool) -> Loss:
        """`forward`, with the prototypes `frozen` or not, and codes over the queue or not."""
        z = forward_together(self.encoder, self.projector, views, self.spec.norm_over)
        z = gathered(z, dim=1)
        z = F.normalize(widened(z), dim=-1)  # [V, B, D]
        prototypes = self.prototypes.detach() if frozen else self.prototypes
        with no_autocast(z):
            scores = z @ prototypes.T  # [V, B, K]
            codes = self._codes(z[:ASSIGNED].detach(), scores[:ASSIGNED].detach(), queued)
        if self.training and self.spec.queue:
            self._enqueue(z[:ASSIGNED].detach())
        total = swapped_prediction(scores, codes, self.spec.temperature)
        return loss(total, {"swapped_prediction": total})

    @torch.no_grad()
    def _codes(self, z: Tensor, scores: Tensor, queued: bool) -> Tensor:
        """Codes [2, B, K] of two views' `scores`, balanced over the batch, and the queue if so."""
        epsilon, iterations = self.spec.epsilon, self.spec.iterations
        if not queued:
            return torch.stack([sinkhorn(view, epsilon, iterations) for view in scores])
        kept = self.queue @ self.prototypes.T  # [2, L, K]
        both = torch.cat([scores, kept.to(scores.dtype)], dim=1)  # [2, B + L, K]
        filled = self.queue.any(dim=-1)  # [2, L]
        counted = torch.cat([filled.new_ones(z.shape[:2]), filled], dim=1)
        codes = [
            sinkhorn(view, epsilon, iterations, counts)
            for view, counts in zip(both, counted, strict=True)
        ]
        return torch.stack(codes)[:, : z.shape[1]]

    @torch.no_grad()
    def _enqueue(self, z: Tensor) -> None:
        """Put two views' embeddings [2, B, D] at the front of the queue."""
        self.queue.copy_(torch.cat([z, self.queue], dim=1)[:, : self.spec.queue])

    @torch.no_grad()
    def after_step(self, t: float) -> None:
        """Renormalise the prototypes to unit length, except those that did not change."""
        if t >= self.spec.freeze:
            self.prototypes.copy_(F.normalize(self.prototypes, dim=1))
