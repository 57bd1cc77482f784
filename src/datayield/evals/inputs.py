"""What a protocol on frozen features may read; its row in `spec.evaluation` says what is there."""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

Items = tuple[Tensor, Tensor]  # features [n, d] and class numbers [n]
Views = Callable[[int], Tensor]  # pass -> features [n, d] of the training images, augmented


class Inputs(NamedTuple):
    """Features, each image once without augmentation, and class numbers.

    `train` where the protocol needs labels, `val` where the evaluation names a split for it, and
    `views` of the same training images, augmented anew in each pass, where the protocol makes any.
    """

    test: Items
    train: Items | None = None
    val: Items | None = None
    views: Views | None = None
