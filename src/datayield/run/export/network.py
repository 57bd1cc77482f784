"""How code without datayield builds the network of an encoder, and loads its weights."""

from pathlib import Path
from typing import Any, NamedTuple

from torch import nn

from datayield.nets import convnet
from datayield.spec.run import (
    CONVNET_WIDTH,
    RESNETS,
    WEIGHTS_NAME,
    EncoderSpec,
    Preprocessing,
)

STEM_PADDING = {"cifar": 1, "cifar_pad2": 2}  # of a 3x3 convolution of stride 1, without pooling


class Network(NamedTuple):
    """`name` and `arguments` of `timm.create_model`, or of a class in a copy of the file `source`.

    `padding`: of a ResNet's changed stem, which timm has no argument for; None where it is timm's.
    """

    name: str
    arguments: dict[str, Any]
    padding: int | None = None
    source: Path | None = None

    @property
    def timm_loads(self) -> bool:
        """Whether timm builds and loads it from the folder alone."""
        return self.padding is None and self.source is None

    def build(self) -> nn.Module:
        """The network with random weights, built as the snippet builds it."""
        if self.source is not None:
            return _own(self.name, self.arguments)
        import timm

        net: Any = timm.create_model(self.name, num_classes=0, **self.arguments)
        if self.padding is not None:
            net.conv1 = nn.Conv2d(3, 64, 3, padding=self.padding, bias=False)
            net.maxpool = nn.Identity()
        return net  # type: ignore[no-any-return]


def network_of(spec: EncoderSpec, sized: bool) -> Network:
    """The network that has the encoder's weights, by their names.

    `sized`: whether it is built for one image size, which of some networks only timm knows.
    """
    arguments: dict[str, Any]
    if spec.name == "convnet":
        arguments = {"width": spec.width or CONVNET_WIDTH}
        return Network("ConvNet", arguments, source=Path(convnet.__file__))
    if spec.name == "viny":
        from datayield.nets import viny  # which imports timm

        arguments = {"size": spec.size, "patch": spec.patch or 16, **spec.viny._asdict()}
        return Network("ViNy", arguments, source=Path(viny.__file__))
    if spec.name in RESNETS:
        return Network(spec.name, {}, padding=STEM_PADDING.get(spec.stem or ""))
    if spec.is_vit:
        arguments = {"patch_size": spec.patch, "img_size": spec.size, "dynamic_img_size": True}
        if spec.pool == "avg":  # of normalised tokens: timm's own default has another norm for it
            arguments |= {"global_pool": "avg", "fc_norm": False}
        return Network(f"{spec.name}_patch16_224", arguments)
    name = (spec.timm_name or spec.name).partition(".")[0]  # without the tag of timm's weights
    return Network(name, {"img_size": spec.size} if sized else {})


def snippet(network: Network, seen: Preprocessing) -> tuple[str, ...]:
    """Lines of Python that make `model` and `transform` of the files in the current folder."""
    if network.timm_loads:
        return (
            "import timm",
            'model = timm.create_model("local-dir:.", pretrained=True).eval()',
            "config = timm.data.resolve_model_data_config(model)",
            "transform = timm.data.create_transform(**config)",
        )
    keys = {key: tuple(v) if isinstance(v, list) else v for key, v in seen.as_timm().items()}
    transform = ", ".join(f"{key}={value!r}" for key, value in keys.items())
    loading = (
        f'load_model(model, "{WEIGHTS_NAME}")  # strict',
        f"transform = timm.data.create_transform({transform})",
    )
    if network.source is not None:
        arguments = ", ".join(f"{key}={value}" for key, value in network.arguments.items())
        return (
            "import timm",
            f"from modeling import {network.name}",
            "from safetensors.torch import load_model",
            f"model = {network.name}({arguments}).eval()",
            *loading,
        )
    stem = f"torch.nn.Conv2d(3, 64, 3, padding={network.padding}, bias=False)"
    return (
        "import timm, torch",
        "from safetensors.torch import load_model",
        f'model = timm.create_model("{network.name}", num_classes=0).eval()',
        f"model.conv1, model.maxpool = {stem}, torch.nn.Identity()",
        *loading,
    )


def timm_config(network: Network, features: int, seen: Preprocessing) -> dict[str, Any]:
    """`config.json` in the layout of timm's files on the Hugging Face hub."""
    return {
        "architecture": network.name,
        "num_classes": 0,
        "num_features": features,
        "model_args": network.arguments,
        "pretrained_cfg": seen.as_timm() | {"num_classes": 0},
    }


def _own(name: str, arguments: dict[str, Any]) -> nn.Module:
    if name == "ConvNet":
        return convnet.ConvNet(**arguments)
    from datayield.nets import viny

    return viny.ViNy(**arguments)
