"""Objectives: one file is one method, an nn.Module that turns views into a loss.

A method declares all its state in `__init__` and offers `forward(views, t) -> Loss` and
`after_step(t)`, with t the share of the budget spent: it never sees an epoch.
"""

from collections.abc import Callable
from typing import Any

import torch

from datayield.methods.barlow_twins import BarlowTwins
from datayield.methods.loss import Loss
from datayield.methods.simclr import SimCLR
from datayield.methods.vicreg import VICReg
from datayield.nets import encoder as encoders
from datayield.nets.encoder import Encoder
from datayield.spec.errors import ConfigError
from datayield.spec.identity import digest
from datayield.spec.run import RunSpec

__all__ = ["METHODS", "Loss", "Method", "build"]

Method = BarlowTwins | SimCLR | VICReg
METHODS: dict[str, Callable[[Any, Encoder], Method]] = {
    "barlow_twins": BarlowTwins,
    "simclr": SimCLR,
    "vicreg": VICReg,
}
TWO_VIEWS = ("barlow_twins", "vicreg")


def build(spec: RunSpec) -> Method:
    """The method of `spec` with fresh weights, on the CPU: a pure function of the spec.

    The encoder is `nets.encoder.build(spec.encoder, spec.seed)`, exactly; heads are drawn from a
    stream of their own, so the untrained baseline is the encoder at step 0 whatever the method.
    Raises ConfigError for views that the method or the encoder cannot take.
    """
    encoder = encoders.build(spec.encoder, spec.seed)
    _check_views(spec, encoder)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(
            int(digest({"stream": "heads", "seed": spec.seed}), base=16)
        )
        return METHODS[spec.method.name](spec.method, encoder)


def _check_views(spec: RunSpec, encoder: Encoder) -> None:
    if spec.method.name in TWO_VIEWS and spec.view_count != 2:
        raise ConfigError(
            f"{spec.method.name} compares two views of an image",
            where="views",
            got=f"{spec.view_count} views",
            allowed="2 views",
        )
    sizes = sorted({view.size for view in spec.views})
    if len(sizes) > 1:
        raise ConfigError(
            f"{spec.method.name} takes views of one size",
            where="views.size",
            got=sizes,
            allowed="one size",
        )
    if encoder.size not in (None, sizes[0]):
        raise ConfigError(
            f"{spec.encoder.name} is laid out for {encoder.size} px",
            where="views.size",
            got=sizes[0],
            allowed=str(encoder.size),
            hint="let encoder.size and the size of the views agree",
        )
