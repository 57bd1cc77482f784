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

    def draw(self, views: list[Tensor]) -> Tensor:
        """Hidden tokens [V B, T], on the device of the V views [B, 3, S, S].

        From torch's global generator on the CPU, whatever the device, for the global batch, of
        which this process takes its part.
        """
        side, cell = views[0].shape[-1] // self.patch, self.spec.mask_patch // self.patch
        whole = len(views[0]) * world_size()
        drawn = random_masks(len(views) * whole, side, cell, self.spec.ratio)
        hidden = drawn.view(len(views), whole, -1)[:, local_slice(whole)].flatten(0, 1)
        return to_device(hidden, views[0].device)

    def forward(self, views: list[Tensor], t: float, hidden: Tensor | None = None) -> Loss:
        """The loss of V views [B, 3, S, S] of the same B images. Nothing depends on `t`."""
        pixels = torch.cat(views)
        if hidden is None:
            hidden = self.draw(views)
        pred = self.decoder(self.encoder.tokens(pixels, hidden, self.mask_token))
        errors = reconstruction(pred, patchify(pixels, self.patch), hidden)  # [V B]
        total = gathered(errors.view(len(views), -1), dim=1).mean()
        return loss(total, {"l1": total})

    def after_step(self, t: float) -> None:
        """Does nothing: no state but the parameters."""
