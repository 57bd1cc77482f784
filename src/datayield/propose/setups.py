"""Encoders and image sizes that a first study may use, and how long each takes on a machine."""

from typing import NamedTuple


class Setup(NamedTuple):
    """An encoder, the side in pixels at which images are seen, and the batch size."""

    encoder: str
    size: int
    batch: int
    width: int | None = None  # of a convnet


# The smallest first: many passes over few pixels decide more than few passes over many. The first
# is that of the pocket scales (studies/), the third that of the sprints.
SETUPS = (
    Setup("convnet", 16, 32, width=16),
    Setup("convnet", 32, 64, width=32),
    Setup("resnet18", 64, 128),
    Setup("resnet18", 128, 256),
    Setup("resnet50", 224, 256),
)


class SetupTiming(NamedTuple):
    """Seconds that a setup takes on this machine in one process.

    `image`: for each image presented in pretraining. `evaluation`: for all evaluations of one
    encoder.
    """

    setup: Setup
    image: float
    evaluation: float
