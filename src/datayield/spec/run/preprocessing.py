"""How an image becomes the input of an encoder: resized, cropped, normalised."""

from typing import Any, Literal

from pydantic import Field

from datayield.spec.frozen import Frozen
from datayield.spec.run.encoder import EncoderSpec
from datayield.spec.run.pixel_statistics import PIXEL_STATISTICS, Channels


class Preprocessing(Frozen):
    """What training and evaluations do to an image, in pixels.

    It is resized, bicubic and antialiased, so that its shorter side is `side` (`fit: squash`: both
    sides are); the central `size` x `size` pixels, in [0, 1], become (pixel - mean) / std.
    """

    size: int = Field(ge=1)
    side: int = Field(ge=1)
    fit: Literal["crop", "squash"] = "crop"
    mean: Channels
    std: Channels

    @property
    def crop_pct(self) -> float:
        """The resized part that is kept, as timm states it: it rounds size / crop_pct down."""
        return 1.0 if self.side == self.size else self.size / (self.side + 0.5)

    def as_timm(self) -> dict[str, Any]:
        """The keys of timm's `pretrained_cfg`, which `timm.data.create_transform` takes."""
        return {
            "input_size": [3, self.size, self.size],
            "interpolation": "bicubic",
            "mean": list(self.mean),
            "std": list(self.std),
            "crop_pct": self.crop_pct,
            "crop_mode": "squash" if self.fit == "squash" else "center",
        }


def preprocessing(
    encoder: EncoderSpec, size: int, fit: Literal["crop", "squash"], side: int | None = None
) -> Preprocessing:
    """That of images decoded at `side` (None: `size`), normalised as the encoder expects."""
    mean, std = PIXEL_STATISTICS[encoder.normalise or "imagenet"]
    return Preprocessing(size=size, side=side or size, fit=fit, mean=mean, std=std)
