"""BatchNorm over the global batch of several processes."""

from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from datayield.maths.precision import widened
from datayield.nets.distributed import gathered, world_size
from datayield.spec.errors import ConfigError

M = TypeVar("M", bound=nn.Module)
KNOWN = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class SyncNorm(_BatchNorm):
    """The BatchNorm `old`, [B, C] or [B, C, ...], with statistics over all processes.

    Keeps its parameters and buffers under their names, and what timm's BatchNormAct2d does after
    normalising. Parts have equal size, so the global mean is the mean of their means, and the
    variance is the mean of their variances plus that of the squared deviations of their means.
    Statistics are float32 or better; running ones are those of nn.BatchNorm on the whole batch.
    """

    def __init__(self, old: _BatchNorm) -> None:
        super().__init__(
            old.num_features, old.eps, old.momentum, affine=False, track_running_stats=False
        )
        self.affine, self.track_running_stats = old.affine, old.track_running_stats
        self._parameters, self._buffers = old._parameters, old._buffers
        self._modules = old._modules  # of BatchNormAct2d: drop, act
        self.training = old.training

    def _check_input_dim(self, input: Tensor) -> None:  # noqa: A002 - torch's name
        """Any number of positions."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """`input` normalised per channel; in eval mode by the running statistics, as usual."""
        out = self._globally(input) if self.training else super().forward(input)
        for after in self._modules.values():
            out = out if after is None else after(out)
        return out

    def _globally(self, x: Tensor) -> Tensor:
        positions = [0, *range(2, x.ndim)]
        var, mean = torch.var_mean(widened(x), positions, correction=0)
        var, mean = gathered(torch.stack([var, mean])[None], dim=0).unbind(1)  # [W, C] each
        mean, means = mean.mean(dim=0), mean
        var = (var + (means - mean).square()).mean(dim=0)
        self._enqueue(mean, var, len(means) * x.numel() // x.shape[1])
        scale = (var + self.eps).rsqrt()
        if self.affine:
            scale = scale * self.weight
        shift = -mean * scale
        if self.affine:
            shift = shift + self.bias
        shape = [-1] + [1] * (x.ndim - 2)
        return (x * scale.view(shape) + shift.view(shape)).to(x.dtype)

    @torch.no_grad()
    def _enqueue(self, mean: Tensor, var: Tensor, count: int) -> None:
        if count < 2:
            raise ValueError("BatchNorm needs more than one value per channel to train")
        if self.running_mean is None or self.running_var is None:
            return
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.mul_(1 - share).add_(mean, alpha=share)
        self.running_var.mul_(1 - share).add_(var, alpha=share * count / (count - 1))


def synchronised(net: M) -> M:
    """`net` with each BatchNorm replaced by a SyncNorm, in place; unchanged with one process.

    Raises ConfigError for an unknown layer with running statistics.
    """
    if world_size() == 1:
        return net
    made: dict[nn.Module, SyncNorm] = {}
    for parent in list(net.modules()):
        for name, child in parent._modules.items():
            if child is not None and "running_var" in child._buffers and _takes_statistics(child):
                assert isinstance(child, _BatchNorm)
                parent._modules[name] = made.setdefault(child, SyncNorm(child))
    return net


def _takes_statistics(layer: nn.Module) -> bool:
    """Whether a layer with running statistics is a BatchNorm; False for frozen and replaced ones.

    Raises ConfigError for any other.
    """
    if type(layer) in KNOWN or isinstance(layer, SyncNorm):
        return type(layer) in KNOWN
    from timm.layers.norm_act import BatchNormAct2d, FrozenBatchNormAct2d  # seconds, needed rarely
    from torchvision.ops.misc import FrozenBatchNorm2d

    if isinstance(layer, FrozenBatchNorm2d | FrozenBatchNormAct2d):
        return False
    if type(layer) is not BatchNormAct2d:
        raise ConfigError(
            "the encoder has a normalisation layer that does not support several processes",
            where="encoder.name",
            got=type(layer).__name__,
            allowed=[*(known.__name__ for known in KNOWN), BatchNormAct2d.__name__],
            hint="train with one process, or use another encoder",
        )
    return True
