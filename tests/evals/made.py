"""Features made for tests: a mixture with a decaying spectrum, as encoders give them."""

import torch
from torch import Tensor

from datayield.spec.evaluation.eval_spec import EvalSpec


def spec(protocol: str = "linear@1", seed: int = 0) -> EvalSpec:
    return EvalSpec(name="task", protocol=protocol, dataset="made", seed=seed)


def mixture(
    n: int, d: int, classes: int, seed: int = 0, spread: float = 0.5
) -> tuple[Tensor, Tensor]:
    """Features [n, d] >= 0 and labels [n]; one world per (d, classes)."""
    world = torch.Generator().manual_seed(100 * d + classes)
    latent = min(d, 32)
    centres = spread * torch.randn(classes, latent, generator=world)
    mix = torch.randn(latent, d, generator=world) * torch.arange(1, latent + 1)[:, None] ** -0.5
    draw = torch.Generator().manual_seed(seed)
    y = torch.randint(classes, (n,), generator=draw)
    hidden = centres[y] + torch.randn(n, latent, generator=draw)
    return torch.relu(hidden @ mix + 0.3 * torch.randn(n, d, generator=draw)), y
