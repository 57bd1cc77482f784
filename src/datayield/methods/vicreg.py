"""VICReg: pull two views together, keep every dimension's variance, decorrelate dimensions."""

from torch import Tensor, nn

from datayield.maths import decorrelation
from datayield.methods.forward_views import forward_each
from datayield.methods.loss import Loss, loss
from datayield.nets.distributed import gathered
from datayield.nets.encoder import Encoder
from datayield.nets.heads import projector
from datayield.spec.run import method as spec_method


class VICReg(nn.Module):
    """Bardes et al. 2022, arXiv 2105.04906. Views are embedded separately, as by the authors.

    Two or more views, of one size; `pairing` says how more than two are combined.
    """

    def __init__(self, spec: spec_method.VICRegSpec, encoder: Encoder) -> None:
        super().__init__()
        self.spec = spec
        self.encoder = encoder
        self.projector = projector(encoder.dim, spec.projector, norm=True, last_bias=spec.bias)

    def forward(self, views: list[Tensor], t: float) -> Loss:
        """The loss of V views [B, 3, S, S] of the same B images. Nothing depends on `t`."""
        z = [gathered(z, dim=0) for z in forward_each(self.encoder, self.projector, views)]
        weights = self.spec.invariance, self.spec.variance, self.spec.covariance
        return loss(*decorrelation.vicreg(z, *weights, self.spec.pairing))

    def after_step(self, t: float) -> None:
        """Does nothing: no state but the parameters."""
