"""What the training loop asks of a method."""

from torch import nn

from datayield.nets.encoder import Encoder


class Method(nn.Module):
    """An objective with the encoder that it trains; `forward(views, t)` returns a `Loss`.

    `projector` is there where the spec is a `JointEmbedding`.
    """

    encoder: Encoder
    projector: nn.Module

    def after_step(self, t: float) -> None:
        """What changes after an optimizer step, at share `t` of the budget, beside parameters."""
