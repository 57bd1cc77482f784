"""One run: everything that decides what a pretraining produces, and nothing else."""

from functools import cached_property
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from datayield.spec.budget import Budget, steps_for
from datayield.spec.errors import nearest
from datayield.spec.identity import versioned_digest
from datayield.spec.method import MethodSpec, SimMIM, WithCrops
from datayield.spec.model import Frozen
from datayield.spec.views import ViewSpec


class Subset(Frozen):
    """`count` images of a split, decoded to `size` x `size` pixels.

    `random` takes the first `count` of a permutation that `seed` alone decides, so a smaller
    subset is a prefix of a larger one; `first` keeps the stored order. Labels play no part.
    `fingerprint` identifies the files (names and sizes) where they were there to be listed.
    """

    dataset: str
    split: str = "train"
    count: int | None = Field(None, ge=1)
    rule: Literal["random", "first"] = "random"
    seed: int = Field(0, ge=0)
    size: int = Field(32, ge=8, le=1024)
    fit: Literal["crop", "squash"] = "crop"
    fingerprint: str | None = None


ENCODERS = (
    "convnet", "resnet18", "resnet34", "resnet50", "resnet101",
    "vit_tiny", "vit_small", "vit_base", "viny",
)  # fmt: skip


class EncoderSpec(Frozen):
    """`name`: convnet, resnet18/34/50/101, vit_tiny/small/base, viny, or any `timm/<name>`.

    `stem` applies to ResNets (cifar: 3x3 stride 1, no pooling; cifar_pad2: the same padded by 2, as
    in solo-learn, whose maps are 2 px wider), `patch` and `pool` to ViTs; `size` is the side in
    pixels that the positions of a ViT are laid out for. viny (Bridge et al. 2025) is published with
    patch 16 at 128 px. `pool`: features are the class token (`token`, and what None means) or the
    mean of the others after the last norm (`avg`).
    """

    name: str
    stem: Literal["cifar", "cifar_pad2", "imagenet"] | None = None
    patch: int | None = Field(None, ge=1)
    size: int = Field(ge=8)
    width: int | None = Field(None, ge=4, description="first-stage channels of `convnet`")
    pool: Literal["token", "avg"] | None = None

    @model_validator(mode="after")
    def _what_applies(self) -> "EncoderSpec":
        if self.name not in ENCODERS and not self.name.startswith("timm/"):
            near = nearest(self.name, ENCODERS)
            guess = f"; did you mean {near!r}?" if near else ""
            allowed = f"{', '.join(ENCODERS)}, timm/<name>"
            raise ValueError(f"no encoder {self.name!r}{guess} (allowed: {allowed})")
        if self.name.startswith("resnet") and self.stem is None:
            raise ValueError("a ResNet needs an explicit stem: cifar, cifar_pad2 or imagenet")
        if self.is_vit:
            if self.patch is None:
                raise ValueError("a ViT needs an explicit patch, for example 8")
            if self.size % self.patch:
                raise ValueError(f"size {self.size} is not a multiple of patch {self.patch}")
        owners = {
            "stem": self.name.startswith("resnet"),
            "patch": self.is_vit,
            "pool": self.is_vit,
            "width": self.name == "convnet",
        }
        for key, applies in owners.items():
            if getattr(self, key) is not None and not applies:
                raise ValueError(f"{key} does not apply to {self.name}")
        return self

    @property
    def is_vit(self) -> bool:
        """Whether it is cut into patches, with positions laid out for `size`."""
        return self.name.startswith("vit_") or self.name == "viny"

    @property
    def stride(self) -> int | None:
        """Side in pixels of what a token stands for; None for an encoder only timm knows."""
        if self.name == "convnet":
            return 8
        if self.name.startswith("resnet"):
            return {"cifar": 8, "imagenet": 32}.get(self.stem or "")
        return self.patch


def published(encoder: EncoderSpec) -> None:
    """Raises ValueError where timm can have no weights for this encoder."""
    if encoder.name in ("convnet", "viny"):
        raise ValueError(f"init: there are no pretrained weights of {encoder.name}")
    if encoder.stem not in (None, "imagenet"):
        raise ValueError(
            f"init: the pretrained weights of {encoder.name} are for stem: imagenet, "
            f"not {encoder.stem}"
        )


# Knobs of an optimizer or a schedule that mean nothing to the others.
_OPTIM_KNOBS = {
    "name": {
        "momentum": ("sgd", "lars"),
        "betas": ("adamw", "adam"),
        "eta": ("lars",),
        "trust_clip": ("lars",),
    },
    "schedule": {"final": ("cosine", "wsd"), "milestones": ("step",), "gamma": ("step",)},
}
Share = Annotated[float, Field(ge=0, le=1)]


class OptimSpec(Frozen):
    """Optimizer and schedule. `lr` is what runs: nothing rescales it with batch or views.

    `warmup` and `milestones` are shares of t. `adam` adds weight decay to the gradient, as L2;
    `adamw` takes it from the weight. A knob of another optimizer or schedule is refused.
    """

    name: Literal["adamw", "adam", "sgd", "lars"] = "adamw"
    lr: float = Field(gt=0)
    bias_lr: float = Field(1.0, gt=0, description="factor on lr for biases and norms")
    weight_decay: float = Field(0.0, ge=0)
    momentum: float = Field(0.9, ge=0, lt=1)
    betas: tuple[float, float] = (0.9, 0.999)
    eta: float = Field(0.02, gt=0, description="LARS trust coefficient")
    trust_clip: bool = Field(True, description="LARS: lr is an upper bound, not a factor")
    schedule: Literal["cosine", "constant", "wsd", "step"] = "cosine"
    warmup: float = Field(0.05, ge=0, lt=1)
    final: float = Field(0.0, ge=0, le=1, description="last lr as a share of lr")
    milestones: tuple[Share, ...] = ()
    gamma: float = Field(0.1, gt=0, description="factor on lr at each milestone")
    clip: float | None = Field(None, gt=0, description="largest norm of the gradient")

    @model_validator(mode="after")
    def _what_applies(self) -> "OptimSpec":
        fields = type(self).model_fields
        for part, knobs in _OPTIM_KNOBS.items():
            chosen = getattr(self, part)
            for knob, owners in knobs.items():
                if chosen not in owners and getattr(self, knob) != fields[knob].default:
                    raise ValueError(f"{knob} applies to {' and '.join(owners)}, not to {chosen}")
        if self.schedule == "step":
            steps = (self.warmup, *self.milestones)
            if len(steps) == 1 or any(a >= b for a, b in pairwise(steps)):
                raise ValueError("step needs milestones, rising shares of the run after warmup")
        return self


class RunSpec(Frozen):
    """A pretraining. `id` is a digest of all of it and of the versions of what realises it.

    `init: pretrained` goes on from the weights that timm publishes for the encoder.
    """

    data: Subset
    encoder: EncoderSpec
    method: MethodSpec
    views: tuple[ViewSpec, ...] = Field(min_length=1)
    optim: OptimSpec
    batch: int = Field(256, ge=2)
    precision: Literal["fp32", "bf16"] = "fp32"
    budget: Budget
    seed: int = Field(0, ge=0)
    init: Literal["pretrained"] | None = None

    @model_validator(mode="after")
    def _weights_are_published(self) -> "RunSpec":
        if self.init == "pretrained":
            published(self.encoder)
        return self

    @model_validator(mode="after")
    def _views_fit(self) -> "RunSpec":
        least = 1 if isinstance(self.method, SimMIM) else 2
        if self.view_count < least:
            raise ValueError("a joint-embedding method needs at least two views of an image")
        if self.view_count > 16:
            raise ValueError(f"{self.method.name} takes {least} to 16 views, not {self.view_count}")
        sizes = [view.size for view in self.views]
        if len(set(sizes)) > 1:
            self._crops_fit(sizes)
        if self.encoder.is_vit and sizes[0] != self.encoder.size:
            raise ValueError(
                f"views of {sizes[0]} px, but the positions of {self.encoder.name} are laid out "
                f"for encoder.size = {self.encoder.size}"
            )
        return self

    @model_validator(mode="after")
    def _masks_fit(self) -> "RunSpec":
        if isinstance(self.method, SimMIM):
            mask, stride = self.method.mask_patch, self.encoder.stride
            if stride is None:
                raise ValueError(f"simmim does not know the tokens of {self.encoder.name}")
            if mask % stride:
                part = "patch" if self.encoder.is_vit else "stride of the last map"
                raise ValueError(
                    f"method.mask_patch {mask} is not a multiple of {stride} px, the {part} of "
                    f"{self.encoder.name}"
                )
            for size in sorted({view.size for view in self.views}):
                if size % mask:
                    raise ValueError(f"views of {size} px do not divide into mask_patch {mask}")
                cells = (size // mask) ** 2
                if self.method.ratio * cells > cells - 1:
                    raise ValueError(
                        f"method.ratio {self.method.ratio} hides all of a view: {size} px are "
                        f"{cells} squares of mask_patch {mask}; lower one of them"
                    )
        return self

    def _crops_fit(self, sizes: list[int]) -> None:
        """Views of several sizes: which methods take them, and in which order."""
        if not isinstance(self.method, WithCrops):
            raise ValueError(f"{self.method.name} takes views of one size, not {sizes}")
        if sizes != sorted(sizes, reverse=True) or self.large_views < 2:
            raise ValueError(
                f"{self.method.name} takes two large views or more, then smaller ones, not {sizes}"
            )
        if self.encoder.patch and any(size % self.encoder.patch for size in sizes):
            raise ValueError(
                f"the sizes of views must be multiples of patch {self.encoder.patch}, not {sizes}"
            )

    @property
    def view_count(self) -> int:
        """Views made of each image."""
        return sum(view.count for view in self.views)

    @property
    def large_views(self) -> int:
        """Views as large as the first: all but the small crops of multi-crop."""
        return sum(view.count for view in self.views if view.size == self.views[0].size)

    @property
    def images(self) -> int:
        """Images asked for. Only specs resolved by a study, whose budget is in images, have it."""
        if self.budget.unit != "images":
            raise ValueError(f"the budget is still in {self.budget.unit}; resolve it first")
        return round(self.budget.amount)

    @property
    def steps(self) -> int:
        """Optimizer steps of the whole run."""
        return steps_for(self.images, self.batch)

    @cached_property
    def id(self) -> str:
        """12 hex digits: equal for equal work, different for anything that could differ.

        Knobs left out (None) are no part of it, so a knob added later changes no older id.
        """
        parts = ("subset", "order", "views", "encoder", "optim", "loop", self.method.name)
        return versioned_digest("run", self.model_dump(mode="json", exclude_none=True), parts)


class BaselineSpec(Frozen):
    """What pretraining must beat: the encoder before it, or the pixels themselves.

    `untrained` is the encoder as initialised by `seed`, `pretrained` the one with timm's weights
    (seed 0: it has none). `pixels` features are the image averaged down to 16 x 16, flattened.
    """

    name: Literal["untrained", "pretrained", "pixels"]
    encoder: EncoderSpec | None = None
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _encoder_where_needed(self) -> "BaselineSpec":
        if (self.name == "pixels") != (self.encoder is None):
            raise ValueError("a pixels baseline has no encoder, any other has one")
        return self

    @cached_property
    def id(self) -> str:
        """As `RunSpec.id`; the untrained encoder is shared by all methods with that seed."""
        parts = (self.name,) if self.encoder is None else ("encoder", self.name)
        kept = self.model_dump(mode="json", exclude_none=True)
        return versioned_digest("baseline", kept, parts)
