"""Training length of the protocols that train the whole encoder."""

from datayield.spec.evaluation.eval_spec import EvalSpec
from datayield.spec.evaluation.protocols import Tuning
from datayield.spec.run import steps_for


def tuning_of(spec: EvalSpec) -> Tuning:
    """The settings of a protocol that trains the encoder."""
    tuning = spec.traits.tuning
    assert tuning is not None, f"{spec.protocol} does not train the encoder"
    return tuning


def epochs_of(spec: EvalSpec) -> int:
    """Passes over the training images: the protocol's unless `spec` sets them."""
    return spec.epochs or tuning_of(spec).epochs


def steps_and_batch(spec: EvalSpec, n: int) -> tuple[int, int]:
    """Optimizer steps and batch size for training on `n` images."""
    batch = min(tuning_of(spec).batch, n)
    return steps_for(epochs_of(spec) * n, batch), batch
