"""Views: random crops, colour and blur for a model's inputs. Recipes are data."""

from functools import cache
from typing import Annotated

from pydantic import Field, model_validator

from datayield.spec.bounds import Side
from datayield.spec.frozen import Frozen

Probability = Annotated[float, Field(ge=0, le=1)]
Strength = Annotated[float, Field(ge=0)]
Recipe = tuple[dict[str, object], ...]


class ViewSpec(Frozen):
    """`count` views from one distribution; operations in the order listed, then normalised.

    Jitter factors are drawn from U[max(0, 1 - s), 1 + s], hue shifts from U[-h, h] turns, in
    the fixed order brightness, contrast, saturation, hue. `blur` and `solarize` are probabilities.
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
