"""Views: random crops, colour and blur for a model's inputs. Recipes are data."""

from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from datayield.spec.bounds import Side
from datayield.spec.errors import nearest
from datayield.spec.frozen import Frozen, unset_if

Probability = Annotated[float, Field(ge=0, le=1)]
Strength = Annotated[float, Field(ge=0)]
Recipe = tuple[dict[str, object], ...]

# How views are computed where nothing is stated. Stored as None, also when written (`unset_if`).
VIEW_DEFAULTS = {"interpolation": "bilinear", "jitter_order": "fixed", "blur_taps": "tenth"}
BLUR_RULES = ("tenth", "auto", "simclr")


class ViewSpec(Frozen):
    """`count` views from one distribution; operations in the order listed, then normalised.

    Jitter factors are drawn from U[max(0, 1 - s), 1 + s], hue shifts from U[-h, h] turns. `blur`
    and `solarize` are probabilities. None of the last three fields means the first value named:

    - `interpolation` of the crop, antialiased: bilinear, or bicubic (a = -0.5), as in most
      codebases of the field, which keeps edges sharper.
    - `jitter_order`: fixed (brightness, contrast, saturation, hue), or random, drawn for each
      image as in torchvision's ColorJitter.
    - `blur_taps`, the width of the blur's filter in pixels: tenth of the side (the nearest odd
      number, at least 3), which at 32 px cuts a sigma of 2 down to 0.8; auto, 2 ceil(3 sigma) + 1
      of the largest sigma, at most the side, which is a Gaussian as PIL's; simclr, as in its
      code, 10% rounded down, made odd; or an odd number.
    """

    count: int = Field(1, ge=1, le=100)
    size: Side = Field(description="side of the view in pixels")
    scale: tuple[float, float] = Field((0.08, 1.0), description="fraction of the area kept")
    ratio: tuple[float, float] = (0.75, 4 / 3)
    flip: Probability = 0.5
    jitter: Probability = 0.8
    brightness: Strength = 0.4
    contrast: Strength = 0.4
    saturation: Strength = 0.2
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    grey: Probability = 0.2
    blur: Probability = 0.0
    blur_sigma: tuple[float, float] = (0.1, 2.0)
    solarize: Probability = 0.0
    interpolation: Annotated[
        Literal["bilinear", "bicubic"] | None, unset_if(VIEW_DEFAULTS["interpolation"])
    ] = None
    jitter_order: Annotated[
        Literal["fixed", "random"] | None, unset_if(VIEW_DEFAULTS["jitter_order"])
    ] = None
    blur_taps: Annotated[
        Literal["tenth", "auto", "simclr"] | Annotated[int, Field(ge=1)] | None,
        unset_if(VIEW_DEFAULTS["blur_taps"]),
    ] = None

    @field_validator("blur_taps", mode="before")
    @classmethod
    def _a_rule_or_a_number(cls, value: Any) -> Any:
        if isinstance(value, str) and value not in BLUR_RULES:
            near = nearest(value, BLUR_RULES)
            guess = f"; did you mean {near!r}?" if near else ""
            raise ValueError(
                f"unknown rule {value!r}{guess} ({', '.join(BLUR_RULES)}, or a number)"
            )
        return value

    @model_validator(mode="after")
    def _taps_fit(self) -> "ViewSpec":
        # The filter is reflected at the edges once, so half of it must fit into the view.
        if isinstance(self.blur_taps, int):
            most = 2 * self.size - 1
            if self.blur_taps % 2 == 0 or self.blur_taps > most:
                raise ValueError(
                    f"blur_taps: {self.blur_taps} at {self.size} px; tenth, auto, simclr or an odd "
                    f"number up to {most}"
                )
        return self

    @model_validator(mode="after")
    def _ranges_are_ordered(self) -> "ViewSpec":
        for name in ("scale", "ratio", "blur_sigma"):
            low, high = getattr(self, name)
            if not 0 < low <= high:
                raise ValueError(f"{name} must be [low, high] with 0 < low <= high")
        if self.scale[1] > 1:
            raise ValueError("scale is a fraction of the area: at most 1")
        return self


# Sources: solo-learn's CIFAR and ImageNet-100 configurations at commit 9187ea3. At 32 to 64 px only
# `symmetric` blurs; size enters only as the side of the view.
_SYMMETRIC: Recipe = (
    {"count": 2, "brightness": 0.8, "contrast": 0.8, "saturation": 0.8, "hue": 0.2, "blur": 0.5},
)
_ASYMMETRIC: Recipe = ({"count": 1}, {"count": 1, "solarize": 0.2})
_VICREG: Recipe = ({"count": 2, "scale": (0.2, 1.0), "solarize": 0.1},)
# Mild: for very small or simple images, such as digits and small sprites.
_MILD: Recipe = (
    {"count": 2, "scale": (0.3, 1.0), "brightness": 0.3, "contrast": 0.3, "hue": 0.05, "grey": 0.1},
)
# Section 4.1.1 of Xie et al. 2022 (arXiv 2111.09886): crop and flip, no colour.
_SIMMIM: Recipe = ({"count": 1, "scale": (0.67, 1.0), "jitter": 0.0, "grey": 0.0},)

# Caron et al. 2021 (DINO, arXiv 2104.14294, appendix): scales of its two large and many small
# crops; without blur, like the others here. `share` is a side relative to the large one: 0.5 is
# between DINO's 96 of 224 px and the 18 of 32 px of solo-learn's SwAV for CIFAR.
_MULTICROP: Recipe = (
    {"count": 1, "scale": (0.4, 1.0)},
    {"count": 1, "scale": (0.4, 1.0), "solarize": 0.2},
    {"count": 6, "scale": (0.05, 0.4), "share": 0.5},
)

VIEW_RECIPES: dict[str, Recipe] = {
    "symmetric": _SYMMETRIC,
    "asymmetric": _ASYMMETRIC,
    "vicreg": _VICREG,
    "mild": _MILD,
    "multicrop": _MULTICROP,
    "simmim": _SIMMIM,
}


@cache  # called for each run of a study
def recipe(name: str, size: int) -> tuple[ViewSpec, ...]:
    """The views of recipe `name`, the large ones at `size` pixels. Raises KeyError if unknown."""
    return tuple(
        ViewSpec.model_validate(
            {k: v for k, v in view.items() if k != "share"}
            | {"size": round(size * float(str(view.get("share", 1))))}
        )
        for view in VIEW_RECIPES[name]
    )
