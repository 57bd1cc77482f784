"""Inputs of a protocol on frozen features; its row in `spec.evaluation` says which it gets."""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

Items = tuple[Tensor, Tensor]  # features [n, d] and class numbers [n]
Views = Callable[[int], Tensor]  # pass -> features [n, d] of the training images, augmented


class Inputs(NamedTuple):
    """Features, each image once without augmentation, and class numbers.

    `train` if the protocol needs labels, `val` if the evaluation names a split for it, and `views`
    of the same training images, augmented afresh in each pass, if the protocol uses any.
    """

    test: Items
    train: Items | None = None
    val: Items | None = None
    views: Views | None = None
