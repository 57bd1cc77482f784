"""SimCLR: find an image's other view among all views in the batch."""

from torch import Tensor, nn

from datayield.maths.contrastive import nt_xent
from datayield.methods.forward_views import forward_together
from datayield.methods.loss import Loss, loss
from datayield.nets.distributed import gathered
from datayield.nets.encoder import Encoder
from datayield.nets.heads import projector
from datayield.spec.run import method as spec_method


class SimCLR(nn.Module):
    """Chen et al. 2020, arXiv 2002.05709. Two or more views, of one size, embedded
    jointly unless `norm_over` is `apart`.

    The projector has no BatchNorm, as in other libraries' recipes for small images.
    """

    def __init__(self, spec: spec_method.SimCLRSpec, encoder: Encoder) -> None:
        super().__init__()
        self.spec = spec
        self.encoder = encoder
        self.projector = projector(encoder.dim, spec.projector, norm=False)

    def forward(self, views: list[Tensor], t: float) -> Loss:
        """The loss of V views [B, 3, S, S] of the same B images. Nothing depends on `t`."""
        z = forward_together(self.encoder, self.projector, views, self.spec.norm_over)
        z = gathered(z, dim=1)  # [V, B, D]
        total = nt_xent(z, self.spec.temperature)
        return loss(total, {"nt_xent": total})

    def after_step(self, t: float) -> None:
        """Does nothing: no state but the parameters."""
