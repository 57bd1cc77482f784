"""What every objective declares about itself, and what those with a projector have in common."""

from itertools import pairwise
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from datayield.spec.bounds import Width
from datayield.spec.frozen import Frozen, unset_if

Widths = Annotated[tuple[Width, ...], Field(min_length=1, max_length=16)]
LastBias = Annotated[
    bool | None,
    unset_if(False),
    Field(description="whether the last layer of each head has a bias"),
]
NormOver = Annotated[
    Literal["apart", "together"] | None,
    unset_if("together"),
    Field(description="BatchNorm over each view apart, or over all views of one size together"),
]


class Objective(Frozen):
    """What every objective declares about itself besides its options."""

    printed_name: ClassVar[str]  # as printed in papers
    paper: ClassVar[str | None]  # on arXiv
    version: ClassVar[int] = 1  # bump when a code change alters the numbers of its runs
    min_views: ClassVar[int] = 1  # of an image
    reads_labels: ClassVar[bool] = False
    has_teacher: ClassVar[bool] = False  # a moving average of the encoder, which sees large views
    sees_t: ClassVar[bool] = False  # its step depends on the fraction of the budget spent
    takes_crops: ClassVar[bool] = False  # small views in addition to large ones (multi-crop)
    loss_ranks_encoders: ClassVar[bool] = False  # its authors select encoders by the loss

    name: str


class JointEmbedding(Objective):
    """An objective that compares views of an image after a projector, and its cost."""

    min_views: ClassVar[int] = 2

    projector: Widths

    def layer_macs(self, dim: int) -> int:
        """Multiply-adds of the projector alone on features [dim], about the number of weights."""
        return sum(a * b for a, b in pairwise((dim, *self.projector)))

    def projector_macs(self, dim: int) -> float:
        """Multiply-adds of the projector and prototypes on one view: what a teacher has too."""
        return float(self.layer_macs(dim))

    def head_macs(self, dim: int) -> float:
        """Multiply-adds of all trained heads, the predictor included, on one view."""
        return self.projector_macs(dim)

    def loss_macs(self, batch: int, views: int) -> float:
        """Multiply-adds of the loss per image in a batch of `batch`: its matrix products."""
        return 0.0
