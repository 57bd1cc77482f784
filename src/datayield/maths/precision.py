"""Losses are computed in float32 or better, whatever the precision of the network.

Cross-correlations over a batch and exponentials of scaled cosines are too coarse in the 8 bits of
bfloat16, so each loss widens its inputs and disables autocast locally.
"""

import torch
from torch import Tensor


def widened(x: Tensor) -> Tensor:
    """`x` in float32; float64 is unchanged."""
    return x if x.dtype == torch.float64 else x.float()


def no_autocast(x: Tensor) -> torch.autocast:
    """A context without autocast on the device of `x`."""
    return torch.autocast(x.device.type, enabled=False)
