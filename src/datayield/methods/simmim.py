"""SimMIM: reconstruct the hidden pixels of an image from the visible ones."""

import torch
from torch import Tensor, nn

from datayield.maths.masking import patchify, random_masks, reconstruction
from datayield.maths.to_device import to_device
from datayield.methods.loss import Loss, loss
from datayield.nets.distributed import gathered, local_slice, world_size
from datayield.nets.encoder import Encoder
from datayield.spec.run import method as spec_method

INIT_STD = 0.02  # of the mask token, as for the authors' ViTs


class SimMIM(nn.Module):
    """Xie et al. 2022, arXiv 2111.09886. One or more views, of one size, each with its own mask.

    A ViT reads a learned mask token in place of each hidden patch's embedding, before positions
    are added. For a convolutional network, which the paper does not train, hidden pixels get one
    learned colour. One linear layer maps each output token to its pixels, and the target is the
    normalised view. A class token takes part, so it is trained through the tokens that attend to
    it; vit-pytorch omits it during pretraining and leaves it random.
    """

    def __init__(self, spec: spec_method.SimMIMSpec, encoder: Encoder) -> None:
        super().__init__()
        if encoder.stride is None:
            raise ValueError("SimMIM needs the number of pixels per token")
        self.spec = spec
        self.encoder = encoder
        self.patch = encoder.stride
        self.decoder = nn.Linear(encoder.dim, 3 * self.patch**2)
        self.mask_token = nn.Parameter(torch.empty(encoder.filler_dim))
        nn.init.trunc_normal_(self.mask_token, std=INIT_STD)

    def forward(self, views: list[Tensor], t: float) -> Loss:
        """The loss of V views [B, 3, S, S] of the same B images. Nothing depends on `t`."""
        pixels = torch.cat(views)
        hidden = self._masks(len(views), len(views[0]), pixels.shape[-1] // self.patch)
        hidden = to_device(hidden, pixels.device)  # [V B, T]
        pred = self.decoder(self.encoder.tokens(pixels, hidden, self.mask_token))
        errors = reconstruction(pred, patchify(pixels, self.patch), hidden)  # [V B]
        total = gathered(errors.view(len(views), -1), dim=1).mean()
        return loss(total, {"l1": total})

    def after_step(self, t: float) -> None:
        """Does nothing: no state but the parameters."""

    def _masks(self, views: int, batch: int, side: int) -> Tensor:
        """Hidden tokens [V B, T] from torch's global generator on the CPU, whatever the device.

        Drawn for the global batch, of which this process takes its part.
        """
        cell, whole = self.spec.mask_patch // self.patch, batch * world_size()
        drawn = random_masks(views * whole, side, cell, self.spec.ratio).view(views, whole, -1)
        return drawn[:, local_slice(whole)].flatten(0, 1)
