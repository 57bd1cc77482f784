"""LARS: momentum SGD with steps scaled by the norm of each weight."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


class LARS(torch.optim.Optimizer):
    """Layer-wise adaptive rate scaling (You et al. 2017, arXiv 1708.03888, algorithm 1).

    For a weight w with gradient g and decay b, the trust ratio is eta |w| / (|g| + b |w|), or 1
    where either norm is 0; then m = momentum m + ratio (g + b w) and w = w - lr m.

    `clip` caps the rate of each weight at `lr`: the ratio becomes min(ratio / lr, 1), so that lr is
    an upper bound and not a factor. The small-data SSL recipes with eta = 0.02 use it (solo-learn's
    `clip_lr`); the ImageNet recipes with eta = 0.001 do not. Groups with `plain` use no ratio: SGD
    with momentum. Nothing here synchronises with the device.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        eta: float = 0.02,
        clip: bool = True,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "weight_decay": weight_decay,
            "eta": eta,
            "clip": clip,
            "plain": False,
        }
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One update from the current gradients. Raises ValueError for a closure."""
        if closure is not None:
            raise ValueError("LARS takes no closure")
        for group in self.param_groups:
            weights = [w for w in group["params"] if w.grad is not None]
            if weights:
                self._update(weights, group)

    def _update(self, weights: list[Tensor], group: dict[str, Any]) -> None:
        decay, lr = group["weight_decay"], group["lr"]
        gradients = [w.grad for w in weights if w.grad is not None]
        updates: Any = torch._foreach_add(gradients, weights, alpha=decay) if decay else gradients
        if not group["plain"]:
            ratios = _trust(weights, gradients, decay, group["eta"])
            if group["clip"]:
                ratios = (ratios / lr).clamp(max=1)  # 1 for a rate of 0 too
            updates = torch._foreach_mul(updates, ratios.unbind())
        for w in weights:
            if not self.state[w]:
                self.state[w]["momentum_buffer"] = torch.zeros_like(w)
        momenta = [self.state[w]["momentum_buffer"] for w in weights]
        torch._foreach_mul_(momenta, group["momentum"])
        torch._foreach_add_(momenta, updates)
        torch._foreach_add_(weights, momenta, alpha=-lr)


def _trust(weights: list[Tensor], gradients: list[Tensor], decay: float, eta: float) -> Tensor:
    """The trust ratio of each weight, [len(weights)]."""
    size = torch.stack(torch._foreach_norm(weights))
    slope = torch.stack(torch._foreach_norm(gradients))
    ratio = eta * size / (slope + decay * size)
    return torch.where((size > 0) & (slope > 0), ratio, 1.0)
