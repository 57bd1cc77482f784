"""Objectives: one file is one method, an nn.Module that turns views into a loss.

The file is called as the method, the class in it as the class of its spec: nothing is registered.
A method declares all its state in `__init__` and offers `forward(views, t) -> Loss` and
`after_step(t)`, with t the share of the budget spent: it never sees an epoch. Only `supervised`
gets labels, as a third argument of `forward`.
"""

import copy
from collections.abc import Mapping
from importlib import import_module

import torch
from torch import Tensor, nn

from datayield.methods.loss import Loss
from datayield.methods.method import Method
from datayield.nets import encoder as encoders
from datayield.nets.encoder import Encoder
from datayield.spec.identity import digest
from datayield.spec.run import AnyObjective, JointEmbedding, RunSpec

__all__ = ["Loss", "Method", "build", "class_of", "projector_of"]


def class_of(spec: type[AnyObjective]) -> type[Method]:
    """The module of a method: class `BYOL` in methods/byol.py for the spec `BYOL` named "byol"."""
    module = import_module(f"datayield.methods.{spec.model_fields['name'].default}")
    found: type[Method] = getattr(module, spec.__name__)
    return found


def build(spec: RunSpec, weights: Mapping[str, Tensor] | None = None) -> Method:
    """The method of `spec` as it starts, on the CPU: a pure function of the arguments.

    `weights`: those of the encoder, where it starts from another run's (`spec.before`).

    The encoder is `nets.encoder.build(spec.encoder, spec.seed, pretrained)`, exactly; heads are
    drawn from a stream of their own, so the encoder at step 0 is the baseline for every method.
    Raises ConfigError for an unknown encoder.
    """
    encoder = encoders.build(spec.encoder, spec.seed, pretrained=spec.init == "pretrained")
    if weights is not None:
        encoder.load_state_dict(weights, strict=True)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(
            int(digest({"stream": "heads", "seed": spec.seed}), base=16)
        )
        return class_of(type(spec.method))(spec.method, encoder)


def projector_of(spec: RunSpec, encoder: Encoder) -> nn.Module | None:
    """The projector that the method of `spec` puts on `encoder`, untrained; None where it has none.

    To load kept weights into; `encoder` itself is not changed.
    """
    with torch.random.fork_rng(devices=[]):
        method = class_of(type(spec.method))(spec.method, copy.deepcopy(encoder))
    return method.projector if isinstance(spec.method, JointEmbedding) else None
