"""How the protocols that train the whole encoder do it: their constants, all in one place.

A published value of a versioned protocol never changes; another value is another protocol.
"""

from typing import NamedTuple

from datayield.spec.evaluation.eval_spec import EvalSpec, Protocol
from datayield.spec.run import OptimSpec, steps_for


class Tuning(NamedTuple):
    """Full fine-tuning: `epochs` passes in batches of `batch`; the only augmentation is a flip."""

    optim: OptimSpec
    batch: int
    epochs: int


# Appendix A of Bridge et al. 2025, which names no batch size: 64 is ours. Milestones are shares of
# the epochs, so that a shorter training has the same shape. As everywhere here, biases, norms and
# learned tokens are not decayed, of which the paper says nothing.
TUNINGS: dict[Protocol, Tuning] = {
    "finetune@1": Tuning(  # the paper's classification: x0.1 after 180 and 190 of 200 epochs
        OptimSpec(
            name="adamw", lr=8e-4, weight_decay=0.0,
            schedule="step", milestones=(0.9, 0.95), gamma=0.1, warmup=0.0,
        ),
        batch=64,
        epochs=200,
    ),
    "segment@1": Tuning(  # its segmentation: x0.5 after 70, 90 and 95 of 100 epochs
        OptimSpec(
            name="adamw", lr=2e-3, weight_decay=1e-4,
            schedule="step", milestones=(0.7, 0.9, 0.95), gamma=0.5, warmup=0.0,
        ),
        batch=64,
        epochs=100,
    ),
}  # fmt: skip


def epochs_of(spec: EvalSpec) -> int:
    """Passes over the training images: those of the protocol unless `spec` says."""
    return spec.epochs or TUNINGS[spec.protocol].epochs


def steps_and_batch(spec: EvalSpec, n: int) -> tuple[int, int]:
    """Optimizer steps, and images in each, of a training on `n` images."""
    batch = min(TUNINGS[spec.protocol].batch, n)
    return steps_for(epochs_of(spec) * n, batch), batch
