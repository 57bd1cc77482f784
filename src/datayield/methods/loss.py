"""What a method returns for one batch."""

from typing import NamedTuple

from torch import Tensor


class Loss(NamedTuple):
    """`total`: the scalar to minimise. `terms`: scalars to log, detached, still on the device."""

    total: Tensor
    terms: dict[str, Tensor]


def loss(total: Tensor, terms: dict[str, Tensor]) -> Loss:
    """A Loss whose terms carry no gradient."""
    return Loss(total, {name: term.detach() for name, term in terms.items()})
