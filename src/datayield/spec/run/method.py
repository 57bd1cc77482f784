"""What a pretraining objective can be asked to be: one model per method, knobs with defaults."""

import re
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from datayield.spec.frozen import Frozen

Widths = Annotated[tuple[Annotated[int, Field(ge=2)], ...], Field(min_length=1)]


Pairing = Literal["all_pairs", "mean_view"]  # how more than two views meet; see maths.decorrelation


def _over_width(value: Any, info: ValidationInfo) -> Any:
    """`"10.24/d"` as 10.24 divided by the width of the projector's last layer; numbers as they are.

    The best weight of decorrelation falls about as 1 / d (Ghosh et al. 2024, arXiv 2312.10725).
    """
    if not isinstance(value, str):
        return value
    rule = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*/\s*d\s*", value)
    if rule is None:
        raise ValueError(
            'a number, or "k/d" where d is the output width of the projector, e.g. "10.24/d"'
        )
    widths = info.data.get("projector")  # not there when it is itself wrong, which is told
    return float(rule[1]) / widths[-1] if widths else 1.0


class BarlowTwins(Frozen):
    """Redundancy reduction between views (Zbontar et al. 2021, arXiv 2103.03230).

    `pairing` applies to more than two views: every pair of them, or each with the mean of all
    (Ghosh et al. 2024, arXiv 2312.10725); `maths.decorrelation` has the formulas.
    """

    name: Literal["barlow_twins"] = "barlow_twins"
    projector: Widths = (2048, 2048, 2048)
    beta: float = Field(0.0051, gt=0, description="weight of the off-diagonal terms; may be k/d")
    scale: float = Field(1.0, gt=0, description="scale of the whole loss (0.1 in solo-learn)")
    pairing: Pairing = "all_pairs"

    _rule = field_validator("beta", mode="before")(_over_width)


class SimCLR(Frozen):
    """Normalised-temperature cross entropy over in-batch pairs (Chen et al. 2020, 2002.05709)."""

    name: Literal["simclr"] = "simclr"
    projector: Widths = (2048, 256)
    temperature: float = Field(0.2, gt=0)


class VICReg(Frozen):
    """Variance, invariance, covariance regularisation (Bardes et al. 2022, arXiv 2105.04906).

    The variance term is the mean of the two views' hinges, as in the authors' code; peers that
    sum the two (solo-learn) get the same loss with twice this `variance`.
    `pairing` applies to more than two views: every pair of them, or each with the mean of the
    others (Ghosh et al. 2024, arXiv 2312.10725).
    """

    name: Literal["vicreg"] = "vicreg"
    projector: Widths = (2048, 2048, 2048)
    invariance: float = Field(25.0, ge=0)
    variance: float = Field(25.0, ge=0)
    covariance: float = Field(1.0, ge=0, description="may be k/d")
    pairing: Pairing = "all_pairs"

    _rule = field_validator("covariance", mode="before")(_over_width)


class BYOL(Frozen):
    """Predicting a moving average of oneself across views (Grill et al. 2020, arXiv 2006.07733).

    Defaults: the small-data recipe of solo-learn for ResNets (CIFAR). The loss is a mean over
    ordered pairs of views, where peers sum: their learning rate for two views is half of ours.
    """

    name: Literal["byol"] = "byol"
    projector: Widths = (4096, 256)
    predictor: int = Field(4096, ge=2, description="its hidden width")
    momentum: float = Field(0.99, ge=0, le=1, description="of the teacher at t = 0; 1 at t = 1")


class MoCoV3(Frozen):
    """Contrast with keys of a moving average of oneself, no queue (Chen et al. 2021, 2104.02057).

    Defaults: the small-data recipe of solo-learn for ResNets (CIFAR); the authors' for ViTs have
    one more projector layer, (4096, 4096, 256). The mean over ordered pairs of views, as for BYOL.
    """

    name: Literal["moco_v3"] = "moco_v3"
    projector: Widths = (4096, 256)
    predictor: int = Field(4096, ge=2, description="its hidden width")
    temperature: float = Field(0.2, gt=0)
    momentum: float = Field(0.99, ge=0, le=1, description="of the teacher at t = 0; 1 at t = 1")


class DINO(Frozen):
    """Self-distillation over prototypes (Caron et al. 2021, arXiv 2104.14294).

    With views of several sizes (multi-crop) the teacher sees the large ones, the student all.

    Defaults: widths, prototypes and temperatures of solo-learn for small images, its 50 warm-up
    epochs of 400 (ImageNet-100) as a share; momentum and the share of the freeze (1 epoch of 100)
    of the authors. A teacher of 0.9995, as peers have it, hardly moves in runs of a few thousand
    steps. These temperatures collapsed to uniform outputs in short trials (250 to 800 steps on
    scikit-learn's digits, one seed), where 0.02 learned: look at the loss against ln(prototypes).
    """

    name: Literal["dino"] = "dino"
    projector: Widths = (2048, 2048, 256)
    prototypes: int = Field(4096, ge=2)
    temperature: float = Field(0.1, gt=0, description="of the student")
    teacher_temperature: float = Field(0.07, gt=0)
    first_teacher_temperature: float = Field(0.04, gt=0, description="at t = 0")
    temperature_warmup: float = Field(
        0.125, ge=0, le=1, description="share of the budget until full value"
    )
    freeze: float = Field(0.01, ge=0, le=1, description="share in which prototypes stand still")
    centre_momentum: float = Field(0.9, ge=0, le=1)
    momentum: float = Field(0.996, ge=0, le=1, description="of the teacher at t = 0; 1 at t = 1")


class LeJEPA(Frozen):
    """Views that agree and fill an isotropic Gaussian (Balestriero and LeCun 2025, 2511.08544).

    No teacher, no stop-gradient, no schedule. `sigreg` is lambda there, 0.02 to 0.05 in their
    recipes; the 256 directions are those of their minimal example (their code's default is 1,024).
    """

    name: Literal["lejepa"] = "lejepa"
    projector: Widths = (2048, 2048, 64)
    sigreg: float = Field(
        0.05, ge=0, le=1, description="weight of this term; the prediction term gets the rest"
    )
    directions: int = Field(256, ge=1, description="redrawn at each step")


class SwAV(Frozen):
    """Swapped prediction of online cluster assignments (Caron et al. 2020, arXiv 2006.09882).

    Defaults: solo-learn's recipe for small images, of 1000 epochs. As shares of the budget its
    queue starts at 50 / 1000 = 0.05 and its prototypes are frozen for 2 / 1000 = 0.002; its recipe
    for ImageNet-100, of 400 epochs, would be 50 / 400 = 0.125 and 2 / 400 = 0.005.
    """

    name: Literal["swav"] = "swav"
    projector: Widths = (2048, 128)
    prototypes: int = Field(3000, ge=2)
    temperature: float = Field(0.1, gt=0)
    epsilon: float = Field(0.05, ge=0.003, description="smoothness of the assignments")
    iterations: int = Field(3, ge=1, description="Sinkhorn-Knopp iterations")
    queue: int = Field(3840, ge=0, description="queue length per view; 0: no queue")
    queue_from: float = Field(0.05, ge=0, le=1, description="share of the budget")
    freeze: float = Field(0.002, ge=0, le=1, description="share in which prototypes stand still")


class SimMIM(Frozen):
    """Filling in the hidden pixels of an image (Xie et al. 2022, arXiv 2111.09886).

    One linear layer decodes, so there is no projector. The authors hide squares of 32 px at 192
    px, a sixth of the side; the default suits views of 32 to 64 px. It must be a multiple of a
    ViT's patch, or of the stride of a convolutional encoder's last map, and divide the view. Tokens
    are what it trains: `encoder.pool: avg` makes their mean the feature of a ViT.
    """

    name: Literal["simmim"] = "simmim"
    mask_patch: int = Field(8, ge=1, description="side of a masked square in pixels")
    ratio: float = Field(0.6, gt=0, lt=1, description="fraction of squares masked, rounded up")


class Supervised(Frozen):
    """Cross entropy on the labels of the run's own images: no self-supervision, a stage in a chain.

    `label` names a column of the dataset, `classes` says how many numbers it holds, from 0 up. One
    linear layer maps the features of a view to them, as in the intermediate task of Bridge et al.
    2025, section 2.3.
    """

    name: Literal["supervised"] = "supervised"
    label: str = "label"
    classes: int = Field(ge=2)


WithTeacher = BYOL | MoCoV3 | DINO
WithCrops = DINO | SwAV | LeJEPA  # take small views beside large ones
SeesT = WithTeacher | SwAV  # what they do at a step depends on the share of the budget spent
WithProjector = BarlowTwins | SimCLR | VICReg | LeJEPA | SwAV | WithTeacher
AnyMethod = WithProjector | SimMIM
AnyObjective = AnyMethod | Supervised
MethodSpec = Annotated[AnyObjective, Field(discriminator="name")]
METHOD_SPECS: dict[str, type[AnyMethod]] = {  # those that read no labels
    "barlow_twins": BarlowTwins,
    "simclr": SimCLR,
    "vicreg": VICReg,
    "byol": BYOL,
    "moco_v3": MoCoV3,
    "dino": DINO,
    "lejepa": LeJEPA,
    "swav": SwAV,
    "simmim": SimMIM,
}
OBJECTIVES: dict[str, type[AnyObjective]] = {**METHOD_SPECS, "supervised": Supervised}
PAPERS: dict[str, str] = {  # arXiv
    "barlow_twins": "2103.03230",
    "simclr": "2002.05709",
    "vicreg": "2105.04906",
    "byol": "2006.07733",
    "moco_v3": "2104.02057",
    "dino": "2104.14294",
    "lejepa": "2511.08544",
    "swav": "2006.09882",
    "simmim": "2111.09886",
}
