"""Encoders behind one face: pooled features, tokens and their width.

Everything but `convnet` comes from timm, without pretrained weights. What a ResNet's stem is, and
what a ViT's patch is, the spec says; neither is guessed from a dataset's name or size.
"""

from difflib import get_close_matches
from typing import Any

import timm
import torch
from torch import Tensor, nn

from datayield.nets.convnet import ConvNet
from datayield.spec.cost import CONVNET_WIDTH, RESNETS, VITS
from datayield.spec.errors import ConfigError
from datayield.spec.run import EncoderSpec


class Encoder(nn.Module):
    """An image network without a classifier. `dim`: width of the features.

    `size`: the only side of an image that it takes, or None where any will do.
    """

    def __init__(self, body: Any, size: int | None) -> None:
        super().__init__()
        self.body = body  # a module with timm's face, which has no type
        # Some timm networks widen after pooling: what they pool to, else what they compute.
        self.dim = int(getattr(self.body, "head_hidden_size", None) or self.body.num_features)
        self.size = size
        self.prefix = int(getattr(self.body, "num_prefix_tokens", 0))

    def forward(self, x: Tensor) -> Tensor:
        """Images [B, 3, S, S] -> features [B, dim].

        The mean of the last map for convolutional networks; the class token after the last norm
        for ViTs. Raises ConfigError for an image of a size the network is not laid out for.
        """
        self._check(x)
        features: Tensor = self.body(x)
        return features

    def tokens(self, x: Tensor) -> Tensor:
        """Images [B, 3, S, S] -> one feature per position [B, T, dim], class token left out.

        Maps are flattened row by row. A `timm/` network that widens after pooling has fewer
        than `dim` channels here.
        """
        self._check(x)
        out: Tensor = self.body.forward_features(x)
        if out.ndim == 3:
            return out[:, self.prefix :]
        if out.ndim == 2:
            return out[:, None]
        if out.shape[1] == self.body.num_features:  # [B, C, H, W], else [B, H, W, C]
            return out.flatten(2).transpose(1, 2)
        return out.flatten(1, 2)

    def _check(self, x: Tensor) -> None:
        if self.size is not None and x.shape[-1] != self.size:
            raise ConfigError(
                "the encoder's positions are laid out for another size",
                where="encoder.size",
                got=f"images of {x.shape[-1]} px",
                allowed=f"{self.size} px",
                hint="give views and evaluations the encoder's size",
            )


def build(spec: EncoderSpec, seed: int) -> Encoder:
    """The encoder with fresh weights, on the CPU: a pure function of (spec, seed).

    Leaves torch's generators as they were. Raises ConfigError for an unknown name.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        if spec.name == "convnet":
            return Encoder(ConvNet(spec.width or CONVNET_WIDTH), size=None)
        if spec.name in RESNETS:
            return Encoder(_resnet(spec), size=None)
        if spec.name in VITS:
            return Encoder(_vit(spec), size=spec.size)
        if spec.name.startswith("timm/"):
            return _timm(spec.name.removeprefix("timm/"), spec.size)
    raise ConfigError(
        "unknown encoder",
        where="encoder.name",
        got=spec.name,
        allowed=["convnet", *RESNETS, *VITS, "timm/<name>"],
        hint="any network of timm's can be had as timm/<its name>",
    )


def _resnet(spec: EncoderSpec) -> nn.Module:
    """A ResNet whose residual branches start at full strength, as in the SSL recipes."""
    net: Any = timm.create_model(spec.name, num_classes=0, zero_init_last=False)
    if spec.stem != "imagenet":
        # Padding 1 keeps maps at 32, 16, 8, 4; solo-learn's 2 makes 34, 17, 9, 5 for 27% more work.
        padding = 2 if spec.stem == "cifar_pad2" else 1
        net.conv1 = nn.Conv2d(3, 64, 3, stride=1, padding=padding, bias=False)
        nn.init.kaiming_normal_(net.conv1.weight, mode="fan_out", nonlinearity="relu")
        net.maxpool = nn.Identity()
    return net  # type: ignore[no-any-return]


def _vit(spec: EncoderSpec) -> nn.Module:
    net: nn.Module = timm.create_model(
        f"{spec.name}_patch16_224", num_classes=0, patch_size=spec.patch, img_size=spec.size
    )
    return net


def _timm(name: str, size: int) -> Encoder:
    """Any network of timm's, laid out for `size` where it can be told one."""
    if not timm.is_model(name):
        raise ConfigError(
            "timm has no such network",
            where="encoder.name",
            got=f"timm/{name}",
            allowed=", ".join(f"timm/{n}" for n in get_close_matches(name, timm.list_models(), 5)),
            hint="timm.list_models() lists them all",
        )
    try:
        return Encoder(timm.create_model(name, num_classes=0, img_size=size), size=size)
    except TypeError as error:
        if "img_size" not in str(error):
            raise
    return Encoder(timm.create_model(name, num_classes=0), size=None)
