"""The network that maps an image to features."""

from typing import Annotated, Literal, NamedTuple

from pydantic import Field, model_validator

from datayield.spec.bounds import Side
from datayield.spec.errors import nearest
from datayield.spec.frozen import Frozen, unset_if

RESNETS: dict[str, tuple[str, tuple[int, int, int, int]]] = {
    "resnet18": ("basic", (2, 2, 2, 2)),
    "resnet34": ("basic", (3, 4, 6, 3)),
    "resnet50": ("bottleneck", (3, 4, 6, 3)),
    "resnet101": ("bottleneck", (3, 4, 23, 3)),
}
VITS: dict[str, tuple[int, int, int]] = {  # width, depth, heads
    "vit_tiny": (192, 12, 3),
    "vit_small": (384, 12, 6),
    "vit_base": (768, 12, 12),
}
CONVNET_WIDTH = 32


class _ViNy(NamedTuple):
    width: int = 128
    depth: int = 12
    heads: int = 8
    inner: int = 512  # width of the attention: 8 heads of 64
    mlp: int = 512


VINY = _ViNy()  # Bridge et al. 2025
VINY_STEP = 2  # its widths are multiples: attention, four times as wide, divides into 8 heads
ENCODERS = ("convnet", *RESNETS, *VITS, "viny")
_TIMM = "timm/"


class EncoderSpec(Frozen):
    """`name`: convnet, resnet18/34/50/101, vit_tiny/small/base, viny, or any `timm/<name>`.

    `stem` applies to ResNets (cifar: 3x3 stride 1, no pooling; cifar_pad2: the same padded by 2, as
    in solo-learn, whose maps are 2 px wider), `patch` and `pool` to ViTs; `size` is the side in
    pixels of a ViT's grid of position embeddings. viny (Bridge et al. 2025) is published with patch
    16 at 128 px and tokens of width 128; with another width its attention and its perceptrons are
    four times as wide too. `pool`: features are the class token (`token`, the default) or the mean
    of the others after the last norm (`avg`). `normalise`: the dataset by whose pixel statistics
    images are normalised, in pretraining and in every evaluation; `half` is mean 0.5 and deviation
    0.5, as many published networks expect; None is imagenet.
    """

    name: str
    stem: Literal["cifar", "cifar_pad2", "imagenet"] | None = None
    patch: int | None = Field(None, ge=1, le=1024)
    size: Side
    width: int | None = Field(
        None, ge=4, le=4096, description="first-stage channels of `convnet`; of `viny`, of a token"
    )
    pool: Literal["token", "avg"] | None = None
    zero_init_residual: Annotated[bool | None, unset_if(False)] = Field(
        None, description="ResNets: residual branches start at zero, as in Barlow Twins' own code"
    )
    normalise: Annotated[
        Literal["imagenet", "half", "cifar10", "cifar100", "stl10"] | None, unset_if("imagenet")
    ] = None

    @model_validator(mode="after")
    def _what_applies(self) -> "EncoderSpec":
        if self.name not in ENCODERS and self.timm_name is None:
            near = nearest(self.name, ENCODERS)
            guess = f"; did you mean {near!r}?" if near else ""
            allowed = f"{', '.join(ENCODERS)}, timm/<name>"
            raise ValueError(f"unknown encoder {self.name!r}{guess} (allowed: {allowed})")
        if self.name in RESNETS and self.stem is None:
            raise ValueError(
                "a ResNet needs an explicit stem: cifar, cifar_pad2 or imagenet; in a study also "
                "auto (cifar up to 64 px, imagenet above)"
            )
        if self.is_vit:
            if self.patch is None:
                raise ValueError(
                    f"a ViT needs an explicit patch, for example {{name: {self.name}, patch: 8}}"
                )
            if self.size % self.patch:
                raise ValueError(f"size {self.size} is not a multiple of patch {self.patch}")
        owners = {
            "stem": self.name in RESNETS,
            "patch": self.is_vit,
            "pool": self.is_vit,
            "width": self.name in ("convnet", "viny"),
            "zero_init_residual": self.name in RESNETS,
        }
        for key, applies in owners.items():
            if getattr(self, key) is not None and not applies:
                raise ValueError(f"{key} does not apply to {self.name}")
        if self.name == "viny" and (self.width or 0) % VINY_STEP:
            raise ValueError(f"width {self.width} of viny is not a multiple of {VINY_STEP}")
        return self

    @property
    def viny(self) -> _ViNy:
        """The sizes of a ViNy of this width; as published without one."""
        width = self.width or VINY.width
        inner, mlp = (width * each // VINY.width for each in (VINY.inner, VINY.mlp))
        return VINY._replace(width=width, inner=inner, mlp=mlp)

    @property
    def is_vit(self) -> bool:
        """Whether it splits images into patches, with position embeddings for `size`."""
        return self.name in VITS or self.name == "viny"

    @property
    def timm_name(self) -> str | None:
        """The name of a timm network in timm; None for our own."""
        return self.name.removeprefix(_TIMM) if self.name.startswith(_TIMM) else None

    @property
    def stride(self) -> int | None:
        """Side in pixels of a token's patch; None for an encoder that only timm knows."""
        if self.name == "convnet":
            return 8
        if self.name in RESNETS:
            return {"cifar": 8, "imagenet": 32}.get(self.stem or "")
        return self.patch


def published(encoder: EncoderSpec) -> None:
    """Raises ValueError if timm cannot have weights for this encoder."""
    if encoder.name in ("convnet", "viny"):
        raise ValueError(f"init: no pretrained weights exist for {encoder.name}")
    if encoder.zero_init_residual:
        raise ValueError("init: zero_init_residual has no meaning with pretrained weights")
    if encoder.normalise is not None:
        raise ValueError(
            "init: the pretrained weights are for images normalised by imagenet's statistics, not "
            f"by those of {encoder.normalise}; leave out encoder.normalise"
        )
    if encoder.stem not in (None, "imagenet"):
        raise ValueError(
            f"init: the pretrained weights of {encoder.name} are for stem: imagenet, "
            f"not {encoder.stem}"
        )


def loadable(encoder: EncoderSpec) -> None:
    """Raises ValueError where an option of the encoder means nothing with weights of a file."""
    if encoder.zero_init_residual:
        raise ValueError("init: zero_init_residual has no meaning with weights from a file")
