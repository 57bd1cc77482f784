"""LeJEPA: views agree on an embedding, and the embeddings are spread as a standard Gaussian."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from datayield.maths.gaussian import prediction, sigreg
from datayield.maths.to_device import to_device
from datayield.methods.forward_views import forward_joint, large_views
from datayield.methods.loss import Loss, loss
from datayield.nets.distributed import gathered
from datayield.nets.encoder import Encoder
from datayield.nets.heads import projector
from datayield.spec.run import method as spec_method


class LeJEPA(nn.Module):
    """Balestriero and LeCun 2025, arXiv 2511.08544. Two or more views, embedded jointly.

    With views of several sizes, large ones first, all are pulled to the mean of the large ones.

    Each step draws its directions from torch's global generator, which the loop seeds from (seed,
    step): a resumed run, and every process of a parallel one, uses the same ones. They are drawn on
    the CPU and before the encoder draws, so they do not depend on the device either.
    """

    def __init__(self, spec: spec_method.LeJEPASpec, encoder: Encoder) -> None:
        super().__init__()
        self.spec = spec
        self.encoder = encoder
        self.projector = projector(encoder.dim, spec.projector, norm=True)

    def draw(self, views: list[Tensor]) -> Tensor:
        """The directions of a step, unit columns [D, M], on the device of `views`."""
        drawn = torch.randn(self.spec.projector[-1], self.spec.directions)
        return to_device(F.normalize(drawn, dim=0), views[0].device)

    def forward(self, views: list[Tensor], t: float, directions: Tensor | None = None) -> Loss:
        """The loss of V views [B, 3, S, S] of the same B images. Nothing depends on `t`."""
        if directions is None:
            directions = self.draw(views)
        z = gathered(forward_joint(self.encoder, self.projector, views), dim=1)  # [V, B, D]
        spread = sigreg(z, directions)
        agreement = prediction(z, len(large_views(views)))
        total = self.spec.sigreg * spread + (1 - self.spec.sigreg) * agreement
        return loss(total, {"prediction": agreement, "sigreg": spread})

    def after_step(self, t: float) -> None:
        """Does nothing: no state but the parameters."""
