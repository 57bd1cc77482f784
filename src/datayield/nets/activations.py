"""Intermediate activations: the outputs of a network's stages, at every position."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

# Names of sequential stages: ours, timm's and torchvision's.
STACKS = ("stages", "blocks", "layers")
NAMED = ("layer1", "layer2", "layer3", "layer4", "Mixed_5d", "Mixed_6e", "Mixed_7c")


def stages(net: nn.Module) -> dict[str, nn.Module]:
    """The named stages of `net`, in order; empty if none is known here.

    Stages of a convolutional network, blocks and last norm of a ViT.
    """
    body: Any = getattr(net, "body", net)
    modules = {name: getattr(body, name) for name in NAMED if hasattr(body, name)}
    for stack in STACKS:
        parts = getattr(body, stack, None)
        if not modules and isinstance(parts, nn.Sequential | nn.ModuleList):
            modules = {f"{stack}.{i}": part for i, part in enumerate(parts)}
            if stack == "blocks" and isinstance(getattr(body, "norm", None), nn.Module):
                modules["norm"] = body.norm
    return modules


@contextmanager
def watched(net: nn.Module) -> Iterator[dict[str, Tensor]]:
    """A dictionary that a forward pass fills: stage -> [B * positions, channels].

    Includes all positions of a map and all tokens, the class token too.
    """
    seen: dict[str, Tensor] = {}
    hooks = [part.register_forward_hook(_keep(seen, name)) for name, part in stages(net).items()]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def _keep(seen: dict[str, Tensor], name: str) -> Any:
    def hook(module: nn.Module, args: object, out: Tensor) -> None:
        if out.ndim == 4 and out.shape[2] == out.shape[3]:  # [B, C, H, W], else [B, H, W, C]
            out = out.permute(0, 2, 3, 1)
        seen[name] = out.detach().reshape(-1, out.shape[-1]).float().clone()

    return hook
