"""Objectives: one file is one method, an nn.Module that turns views into a loss.

A method is listed in `METHODS` and in the union `Method`, under its spec's name. It declares all
its state in `__init__` and has `forward(views, t) -> Loss` and `after_step(t)`, with t the fraction
of the budget spent: it never sees an epoch. Only `supervised` gets labels, as a third argument of
`forward`. What an objective samples for a step comes from its `draw(views)` (see `drawn`).
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from datayield.methods.barlow_twins import BarlowTwins
from datayield.methods.byol import BYOL
from datayield.methods.dino import DINO
from datayield.methods.lejepa import LeJEPA
from datayield.methods.loss import Loss
from datayield.methods.moco_v3 import MoCoV3
from datayield.methods.simclr import SimCLR
from datayield.methods.simmim import SimMIM
from datayield.methods.supervised import Supervised
from datayield.methods.swav import SwAV
from datayield.methods.vicreg import VICReg
from datayield.nets import encoder as encoders
from datayield.nets.encoder import Encoder
from datayield.spec.identity import digest
from datayield.spec.run import AnyObjective, RunSpec, Stage

__all__ = ["METHODS", "Loss", "Method", "SimMIM", "Supervised", "build", "drawn", "projector_of"]


Method = BarlowTwins | SimCLR | VICReg | BYOL | MoCoV3 | DINO | LeJEPA | SwAV | SimMIM | Supervised
METHODS: dict[str, Callable[[Any, Encoder], Method]] = {
    "barlow_twins": BarlowTwins,
    "simclr": SimCLR,
    "vicreg": VICReg,
    "byol": BYOL,
    "moco_v3": MoCoV3,
    "dino": DINO,
    "lejepa": LeJEPA,
    "swav": SwAV,
    "simmim": SimMIM,
    "supervised": Supervised,
}


def _method_of(spec: AnyObjective, encoder: Encoder) -> Method:
    return METHODS[spec.name](spec, encoder)


def build(spec: RunSpec, weights: Mapping[str, Tensor] | None = None) -> Method:
    """The method of `spec` at initialisation, on the CPU: a pure function of the arguments.

    `weights`: the encoder's, if it starts from another run's (`spec.before`).

    The encoder is `nets.encoder.build(spec.encoder, spec.seed, start)`, exactly; heads are
    drawn from a stream of their own, so the encoder at step 0 is the baseline for every method.
    Raises ConfigError for an unknown encoder.
    """
    start = None if isinstance(spec.init, Stage) else spec.init
    encoder = encoders.build(spec.encoder, spec.seed, start)
    if weights is not None:
        encoder.load_state_dict(weights, strict=True)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(
            int(digest({"stream": "heads", "seed": spec.seed}), base=16)
        )
        return _method_of(spec.method, encoder)


def drawn(method: Method, views: list[Tensor]) -> tuple[Tensor, ...]:
    """What the objective samples for one step, from torch's global generator, for its `forward`."""
    return (method.draw(views),) if isinstance(method, LeJEPA | SimMIM) else ()


def projector_of(spec: RunSpec, encoder: Encoder) -> nn.Module | None:
    """The untrained projector of the method of `spec` for `encoder`; None if it has none.

    For loading saved weights; `encoder` itself is not changed.
    """
    with torch.random.fork_rng(devices=[]):
        method = _method_of(spec.method, copy.deepcopy(encoder))
    return None if isinstance(method, SimMIM | Supervised) else method.projector
