"""Barlow Twins: make the cross-correlation of two views the identity."""

from torch import Tensor, nn

from datayield.maths import decorrelation
from datayield.methods.forward_views import forward_each
from datayield.methods.loss import Loss, loss
from datayield.nets.distributed import gathered
from datayield.nets.encoder import Encoder
from datayield.nets.heads import projector
from datayield.spec.run import method as spec_method


class BarlowTwins(nn.Module):
    """Zbontar et al. 2021, arXiv 2103.03230. Views are embedded separately, as by the authors.

    Two or more views, of one size; `pairing` says how more than two are combined.
    """

    def __init__(self, spec: spec_method.BarlowTwinsSpec, encoder: Encoder) -> None:
        super().__init__()
        self.spec = spec
        self.encoder = encoder
        self.projector = projector(encoder.dim, spec.projector, norm=True)

    def forward(self, views: list[Tensor], t: float) -> Loss:
        """The loss of V views [B, 3, S, S] of the same B images. Nothing depends on `t`."""
        z = [gathered(z, dim=0) for z in forward_each(self.encoder, self.projector, views)]
        total, terms = decorrelation.barlow_twins(z, self.spec.beta, self.spec.pairing)
        return loss(self.spec.scale * total, terms)

    def after_step(self, t: float) -> None:
        """Does nothing: no state but the parameters."""
