"""Encoders with one interface: pooled features, tokens and their width.

Everything but `convnet` and `viny` comes from timm, with random weights unless requested otherwise;
timm takes two seconds to import, which only those who build such a network wait for. The spec sets
a ResNet's stem and a ViT's patch; neither is guessed from a dataset's name or size.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from difflib import get_close_matches
from typing import Any, Literal, TypeVar

import torch
from torch import Tensor, nn

from datayield.nets.attention import cpu_attention
from datayield.nets.convnet import ConvNet
from datayield.nets.weights import load_weights
from datayield.spec.errors import ConfigError
from datayield.spec.run import (
    CONVNET_WIDTH,
    ENCODERS,
    PIXEL_STATISTICS,
    RESNETS,
    EncoderSpec,
    WeightsFile,
)

T = TypeVar("T")


class Encoder(nn.Module):
    """An image network without a classifier. `dim`: width of the features.

    `size`: the side of the images that it is built for, or None if any size works. `stride`: side
    in pixels of a token's patch, or None if only timm knows; a ViT also accepts other multiples of
    it than `size`, by interpolating its positions. `average`: features are the mean of the tokens
    instead of a class token. Images come normalised by ImageNet's statistics; `renormalise` makes
    the network see them normalised by another dataset's.
    """

    scale: Tensor | None
    shift: Tensor | None

    def __init__(
        self, body: Any, size: int | None, stride: int | None = None, average: bool = False
    ) -> None:
        super().__init__()
        self.body = body  # a module with timm's interface, which has no type
        # Some timm networks widen after pooling: what they pool to, else what they compute.
        self.dim = int(getattr(self.body, "head_hidden_size", None) or self.body.num_features)
        self.size, self.stride, self.average = size, stride, average
        self.prefix = int(getattr(self.body, "num_prefix_tokens", 0))
        # Not among the weights: checkpoints are the same with and without.
        self.register_buffer("scale", None, persistent=False)
        self.register_buffer("shift", None, persistent=False)

    def renormalise(self, dataset: str) -> None:
        """From now on the network sees images normalised by the statistics of `dataset`."""
        ours, theirs = (
            [torch.tensor(values).view(3, 1, 1) for values in PIXEL_STATISTICS[name]]
            for name in ("imagenet", dataset)
        )
        self.scale = ours[1] / theirs[1]
        self.shift = (ours[0] - theirs[0]) / theirs[1]

    @property
    def filler_dim(self) -> int:
        """Width of what `tokens` puts at hidden positions: an embedding (ViTs), else a colour."""
        return self.dim if self.prefix else 3

    def forward(self, x: Tensor) -> Tensor:
        """Images [B, 3, S, S] -> features [B, dim].

        The mean of the last map for convolutional networks; for ViTs, after the last norm, the
        class token, or the mean of the others if the spec says `avg`.
        Raises ConfigError for an image size that the network is not built for.
        """
        if self.average:
            return self.tokens(x).mean(dim=1)
        x = self._input(x)
        with self._attending(x):
            features: Tensor = self.body(x)
        return features

    def tokens(
        self, x: Tensor, hidden: Tensor | None = None, filler: Tensor | None = None
    ) -> Tensor:
        """Images [B, 3, S, S] -> one feature per position [B, T, dim], class token left out.

        Maps are flattened row by row. A `timm/` network that widens after pooling has fewer
        than `dim` channels here. Where `hidden`, bool [B, T], is true, the network sees `filler`
        [filler_dim] instead of the image: a ViT as the embedding of the patch, before positions
        are added, any other network as the colour of the pixels. One without the other is a
        ValueError.
        """
        x = self._input(x)
        if (hidden is None) != (filler is None):
            raise ValueError("pass `hidden` and `filler` together or not at all")
        replaced: AbstractContextManager[None] = nullcontext()
        if hidden is not None and filler is not None:
            if self.prefix:
                replaced = _embedded_as(self.body.patch_embed, hidden, filler)
            else:
                x = _painted(x, hidden, filler)
        with replaced, self._attending(x):
            out: Tensor = self.body.forward_features(x)
        if out.ndim == 3:
            return out[:, self.prefix :]
        if out.ndim == 2:
            return out[:, None]
        if out.shape[1] == self.body.num_features:  # [B, C, H, W], else [B, H, W, C]
            return out.flatten(2).transpose(1, 2)
        return out.flatten(1, 2)

    def _attending(self, x: Tensor) -> AbstractContextManager[object]:
        return cpu_attention(x) if self.prefix else nullcontext()

    def _input(self, x: Tensor) -> Tensor:
        """What the network is given for `x`, whose size is checked."""
        self._check(x)
        return x if self.scale is None or self.shift is None else x * self.scale + self.shift

    def _check(self, x: Tensor) -> None:
        side = x.shape[-1]
        if self.size is not None and (side % self.stride if self.stride else side != self.size):
            raise ConfigError(
                "the encoder's position embeddings are for another image size",
                where="encoder.size",
                got=f"images of {side} px",
                allowed=f"multiples of {self.stride} px" if self.stride else f"{self.size} px",
                hint="use the encoder's size for views and evaluations",
            )


@contextmanager
def _embedded_as(patch_embed: nn.Module, hidden: Tensor, filler: Tensor) -> Iterator[None]:
    """Within the context, `patch_embed` returns `filler` for the hidden patches."""

    def replaced(module: nn.Module, args: object, patches: Tensor) -> Tensor:
        where = hidden.view(*patches.shape[:-1], 1)  # [B, T, D], or [B, H, W, D] before flattening
        return torch.where(where, filler.to(patches.dtype), patches)

    hook = patch_embed.register_forward_hook(replaced)
    try:
        yield
    finally:
        hook.remove()


def _painted(x: Tensor, hidden: Tensor, filler: Tensor) -> Tensor:
    """`x` with the squares of its hidden positions in one colour."""
    grid = math.isqrt(hidden.shape[1])
    square = x.shape[-1] // grid
    pixels = hidden.view(-1, 1, grid, grid)
    pixels = pixels.repeat_interleave(square, dim=2).repeat_interleave(square, dim=3)
    return torch.where(pixels, filler.to(x.dtype)[:, None, None], x)


def build(
    spec: EncoderSpec, seed: int, start: Literal["pretrained"] | WeightsFile | None = None
) -> Encoder:
    """The encoder with random weights, on the CPU: a pure function of (spec, seed).

    If it starts `pretrained`, it has timm's published weights, positions and patches resampled to
    `spec`; images are normalised by ImageNet's statistics, as everywhere here. From a file it has
    all weights of that file. Leaves torch's generators unchanged. Raises ConfigError for an unknown
    name, weights that cannot be downloaded, or a file that is absent or does not fit.
    """
    if start != "pretrained":
        net = _fresh(spec, seed)
        if spec.normalise is not None:
            net.renormalise(spec.normalise)
        if start is not None:
            load_weights(net, start)
        return net
    return fetched(spec.name, lambda: _fresh(spec, seed, pretrained=True), where="init")


def fetched(name: str, fetch: Callable[[], T], where: str, instead: str = "") -> T:
    """The result of `fetch`; a failed download becomes a ConfigError that says what to do.

    `instead`: an alternative that needs no weights, if any.
    """
    try:
        return fetch()
    except (RuntimeError, OSError, ValueError) as error:  # a hub's errors are OSErrors
        raise ConfigError(
            "the published weights cannot be downloaded",
            where=where,
            got=f"{name}: {(str(error).splitlines() or [type(error).__name__])[0]}",
            hint="download them once on a machine with network access, with HF_HOME (timm) or "
            "TORCH_HOME (torchvision) on a disk that this machine can read; "
            + (instead or "timm.list_pretrained() names the networks that have weights"),
        ) from error


def _fresh(spec: EncoderSpec, seed: int, pretrained: bool = False) -> Encoder:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        if spec.name == "convnet":
            return Encoder(ConvNet(spec.width or CONVNET_WIDTH), None, spec.stride)
        if spec.name in RESNETS:
            return Encoder(_resnet(spec, pretrained), None, spec.stride)
        if spec.is_vit:
            net = _vit(spec, pretrained)
            return Encoder(net, spec.size, spec.stride, average=spec.pool == "avg")
        if spec.timm_name is not None:
            return _timm(spec.timm_name, spec.size, pretrained)
    raise ConfigError(
        "unknown encoder",
        where="encoder.name",
        got=spec.name,
        allowed=[*ENCODERS, "timm/<name>"],
        hint="any network of timm is available as timm/<its name>",
    )


def _resnet(spec: EncoderSpec, pretrained: bool) -> nn.Module:
    """A ResNet, its residual branches not starting at zero unless the spec says so."""
    import timm

    net: Any = timm.create_model(
        spec.name,
        pretrained=pretrained,
        num_classes=0,
        zero_init_last=bool(spec.zero_init_residual),
    )
    if spec.stem != "imagenet":
        # Padding 1 keeps maps at 32, 16, 8, 4; solo-learn's 2 makes 34, 17, 9, 5 for 27% more work.
        padding = 2 if spec.stem == "cifar_pad2" else 1
        net.conv1 = nn.Conv2d(3, 64, 3, stride=1, padding=padding, bias=False)
        nn.init.kaiming_normal_(net.conv1.weight, mode="fan_out", nonlinearity="relu")
        net.maxpool = nn.Identity()
    return net  # type: ignore[no-any-return]


def _vit(spec: EncoderSpec, pretrained: bool) -> nn.Module:
    if spec.name == "viny":
        from datayield.nets.viny import ViNy  # which imports timm

        return ViNy(spec.size, spec.patch or 16, **spec.viny._asdict())
    import timm

    net: nn.Module = timm.create_model(
        f"{spec.name}_patch16_224",
        pretrained=pretrained,
        num_classes=0,
        patch_size=spec.patch,
        img_size=spec.size,
        dynamic_img_size=True,  # for multi-crop's small views
    )
    return net


def _timm(name: str, size: int, pretrained: bool) -> Encoder:
    """Any timm network, built for `size` if it accepts one."""
    import timm

    if not timm.is_model(name):
        raise ConfigError(
            "unknown timm network",
            where="encoder.name",
            got=f"timm/{name}",
            allowed=", ".join(f"timm/{n}" for n in get_close_matches(name, timm.list_models(), 5)),
            hint="timm.list_models() lists them all",
        )
    try:
        sized = timm.create_model(name, pretrained=pretrained, num_classes=0, img_size=size)
        return Encoder(sized, size=size)
    except TypeError as error:
        if "img_size" not in str(error):
            raise
    return Encoder(timm.create_model(name, pretrained=pretrained, num_classes=0), size=None)
