"""Losses are computed in float32 or better, whatever precision the network ran in.

Cross-correlations over a batch and exponentials of scaled cosines lose their meaning at the
8 bits of bfloat16, so each loss widens its inputs and switches autocast off for its own lines.
"""

import torch
from torch import Tensor


def widened(x: Tensor) -> Tensor:
    """`x` in float32; float64 stays as it is."""
    return x if x.dtype == torch.float64 else x.float()


def no_autocast(x: Tensor) -> torch.autocast:
    """A context in which products on the device of `x` keep the precision of their inputs."""
    return torch.autocast(x.device.type, enabled=False)
