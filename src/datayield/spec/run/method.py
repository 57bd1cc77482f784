"""The pretraining objectives' options: one model per method, with defaults.

A class states everything that the rest of the program needs to know about a method: its printed
name, its publication, its version, its requirements and its cost.
"""

from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field, field_validator

from datayield.spec.bounds import Width
from datayield.spec.frozen import unset_if
from datayield.spec.run.objective import JointEmbedding, LastBias, NormOver, Objective, Widths
from datayield.spec.run.weight_by_width import by_width

Pairing = Literal["all_pairs", "mean_view"]  # of more than two views; see maths.decorrelation

PrototypesInit = Annotated[
    Literal["normal", "uniform"] | None,
    unset_if("normal"),
    Field(description="rows about 1 long, or torch's U(-1/sqrt(d), 1/sqrt(d)) as the authors"),
]


class BarlowTwinsSpec(JointEmbedding):
    """Redundancy reduction between views (Zbontar et al. 2021, arXiv 2103.03230).

    `pairing` applies to more than two views: every pair of them, or each with the mean of all
    (Ghosh et al. 2024, arXiv 2312.10725); `maths.decorrelation` has the formulas.
    """

    printed_name: ClassVar[str] = "Barlow Twins"
    paper: ClassVar[str | None] = "2103.03230"

    name: Literal["barlow_twins"] = "barlow_twins"
    projector: Widths = (2048, 2048, 2048)
    beta: float = Field(
        0.0051, gt=0, description="weight of the off-diagonal terms; may be k/d or {d: weight}"
    )
    scale: float = Field(1.0, gt=0, description="scale of the whole loss (0.1 in solo-learn)")
    pairing: Pairing = "all_pairs"

    _rule = field_validator("beta", mode="before")(by_width)

    def loss_macs(self, batch: int, views: int) -> float:
        """One correlation matrix for each pair of views, or of a view and the mean."""
        pairs = self.pairing == "all_pairs" or views == 2
        return float((views * (views - 1) // 2 if pairs else 1) * self.projector[-1] ** 2)


class SimCLRSpec(JointEmbedding):
    """Normalised-temperature cross entropy over in-batch pairs (Chen et al. 2020, 2002.05709)."""

    printed_name: ClassVar[str] = "SimCLR"
    paper: ClassVar[str | None] = "2002.05709"

    name: Literal["simclr"] = "simclr"
    projector: Widths = (2048, 256)
    temperature: float = Field(0.2, gt=0)
    norm_over: NormOver = None

    def loss_macs(self, batch: int, views: int) -> float:
        """Every view with every view of the batch."""
        return float(views * views * batch * self.projector[-1])


class VICRegSpec(JointEmbedding):
    """Variance, invariance, covariance regularisation (Bardes et al. 2022, arXiv 2105.04906).

    The variance term is the mean of the two views' hinges, as in the authors' code; libraries that
    sum the two (solo-learn) get the same loss with twice this `variance`.
    `pairing` applies to more than two views: every pair of them, or each with the mean of the
    others (Ghosh et al. 2024, arXiv 2312.10725).
    """

    printed_name: ClassVar[str] = "VICReg"
    paper: ClassVar[str | None] = "2105.04906"

    name: Literal["vicreg"] = "vicreg"
    projector: Widths = (2048, 2048, 2048)
    invariance: float = Field(25.0, ge=0)
    variance: float = Field(25.0, ge=0)
    covariance: float = Field(1.0, ge=0, description="may be k/d or {d: weight}")
    pairing: Pairing = "all_pairs"
    bias: LastBias = None

    _rule = field_validator("covariance", mode="before")(by_width)

    def loss_macs(self, batch: int, views: int) -> float:
        """One covariance matrix for each view, and for each mean of the others."""
        pairs = self.pairing == "all_pairs" or views == 2
        return float((views if pairs else 2 * views) * self.projector[-1] ** 2)


class BYOLSpec(JointEmbedding):
    """Predicting a moving-average teacher across views (Grill et al. 2020, arXiv 2006.07733).

    Defaults: the small-data recipe of solo-learn for ResNets (CIFAR). The loss is a mean over
    ordered pairs of views, where others sum: their learning rate for two views is half of ours.
    """

    printed_name: ClassVar[str] = "BYOL"
    paper: ClassVar[str | None] = "2006.07733"
    has_teacher: ClassVar[bool] = True
    sees_t: ClassVar[bool] = True

    name: Literal["byol"] = "byol"
    projector: Widths = (4096, 256)
    predictor: Width = Field(4096, description="its hidden width")
    momentum: float = Field(0.99, ge=0, le=1, description="of the teacher at t = 0; 1 at t = 1")
    bias: LastBias = None

    def head_macs(self, dim: int) -> float:
        """The predictor too: two layers."""
        return self.projector_macs(dim) + 2 * self.projector[-1] * self.predictor


class MoCoV3Spec(JointEmbedding):
    """Contrast with keys from a moving-average teacher, no queue (Chen et al. 2021, 2104.02057).

    Defaults: the small-data recipe of solo-learn for ResNets (CIFAR); the authors' for ViTs have
    one more projector layer, (4096, 4096, 256). The mean over ordered pairs of views, as for BYOL.
    """

    printed_name: ClassVar[str] = "MoCo v3"
    paper: ClassVar[str | None] = "2104.02057"
    has_teacher: ClassVar[bool] = True
    sees_t: ClassVar[bool] = True

    name: Literal["moco_v3"] = "moco_v3"
    projector: Widths = (4096, 256)
    predictor: Width = Field(4096, description="its hidden width")
    temperature: float = Field(0.2, gt=0)
    momentum: float = Field(0.99, ge=0, le=1, description="of the teacher at t = 0; 1 at t = 1")

    def head_macs(self, dim: int) -> float:
        """The predictor too: two layers."""
        return self.projector_macs(dim) + 2 * self.projector[-1] * self.predictor

    def loss_macs(self, batch: int, views: int) -> float:
        """Every view with the keys of every other view."""
        return float(views * (views - 1) * batch * self.projector[-1])


class DINOSpec(JointEmbedding):
    """Self-distillation over prototypes (Caron et al. 2021, arXiv 2104.14294).

    With views of several sizes (multi-crop) the teacher sees the large ones, the student all.

    Defaults: widths, prototypes and temperatures of solo-learn for small images, its 50 warm-up
    epochs of 400 (ImageNet-100) as a fraction; momentum and freeze (1 epoch of 100) of the authors.
    A momentum of 0.9995, as in other libraries, hardly moves the teacher in runs of a few thousand
    steps. These temperatures collapsed to uniform outputs in short trials (250 to 800 steps on
    scikit-learn's digits, one seed), where 0.02 learned: compare the loss with ln(prototypes).

    `prototypes_init: uniform` is that of the authors. Its rows are 0.577 long and not 1, so with an
    optimizer whose steps do not follow the length of a weight they turn faster at the same rate:
    1.7 times with Adam, 3 times with SGD.
    """

    printed_name: ClassVar[str] = "DINO"
    paper: ClassVar[str | None] = "2104.14294"
    has_teacher: ClassVar[bool] = True
    sees_t: ClassVar[bool] = True
    takes_crops: ClassVar[bool] = True

    name: Literal["dino"] = "dino"
    projector: Widths = (2048, 2048, 256)
    prototypes: int = Field(4096, ge=2, le=1_000_000)
    temperature: float = Field(0.1, gt=0, description="of the student")
    teacher_temperature: float = Field(0.07, gt=0)
    first_teacher_temperature: float = Field(0.04, gt=0, description="at t = 0")
    temperature_warmup: float = Field(
        0.125, ge=0, le=1, description="share of the budget until full value"
    )
    freeze: float = Field(0.01, ge=0, le=1, description="share with frozen prototypes")
    centre_momentum: float = Field(0.9, ge=0, le=1)
    momentum: float = Field(0.996, ge=0, le=1, description="of the teacher at t = 0; 1 at t = 1")
    norm_over: NormOver = None
    prototypes_init: PrototypesInit = None

    def projector_macs(self, dim: int) -> float:
        """The prototypes too."""
        return float(self.layer_macs(dim) + self.projector[-1] * self.prototypes)


class LeJEPASpec(JointEmbedding):
    """Agreeing views, isotropic Gaussian embeddings (Balestriero and LeCun 2025, 2511.08544).

    No teacher, no stop-gradient, no schedule. `sigreg` is lambda there, 0.02 to 0.05 in their
    recipes; the 256 directions are those of their minimal example (their code's default is 1,024).
    """

    printed_name: ClassVar[str] = "LeJEPA"
    paper: ClassVar[str | None] = "2511.08544"
    takes_crops: ClassVar[bool] = True
    loss_ranks_encoders: ClassVar[bool] = True

    name: Literal["lejepa"] = "lejepa"
    projector: Widths = (2048, 2048, 64)
    sigreg: float = Field(
        0.05, ge=0, le=1, description="weight of this term; the prediction term gets the rest"
    )
    directions: int = Field(256, ge=1, le=1_000_000, description="redrawn at each step")

    def loss_macs(self, batch: int, views: int) -> float:
        """Every view along every direction."""
        return float(views * self.projector[-1] * self.directions)


class SwAVSpec(JointEmbedding):
    """Swapped prediction of online cluster assignments (Caron et al. 2020, arXiv 2006.09882).

    Defaults: solo-learn's recipe for small images, of 1000 epochs. As fractions of the budget its
    queue starts at 50 / 1000 = 0.05 and its prototypes are frozen for 2 / 1000 = 0.002; its recipe
    for ImageNet-100, of 400 epochs, would be 50 / 400 = 0.125 and 2 / 400 = 0.005.
    """

    printed_name: ClassVar[str] = "SwAV"
    paper: ClassVar[str | None] = "2006.09882"
    sees_t: ClassVar[bool] = True
    takes_crops: ClassVar[bool] = True

    name: Literal["swav"] = "swav"
    projector: Widths = (2048, 128)
    prototypes: int = Field(3000, ge=2, le=1_000_000)
    temperature: float = Field(0.1, gt=0)
    epsilon: float = Field(0.05, ge=0.003, description="smoothness of the assignments")
    iterations: int = Field(3, ge=1, le=1000, description="Sinkhorn-Knopp iterations")
    queue: int = Field(3840, ge=0, le=10_000_000, description="queue length per view; 0: no queue")
    queue_from: float = Field(0.05, ge=0, le=1, description="share of the budget")
    freeze: float = Field(0.002, ge=0, le=1, description="share with frozen prototypes")
    bias: LastBias = None
    norm_over: NormOver = None

    def projector_macs(self, dim: int) -> float:
        """The prototypes too."""
        return float(self.layer_macs(dim) + self.projector[-1] * self.prototypes)


class SimMIMSpec(Objective):
    """Reconstructing the hidden pixels of an image (Xie et al. 2022, arXiv 2111.09886).

    One linear layer decodes, so there is no projector. The authors hide squares of 32 px at 192
    px, a sixth of the side; the default suits views of 32 to 64 px. It must be a multiple of a
    ViT's patch, or of the stride of a convolutional encoder's last map, and divide the view. It
    trains tokens: `encoder.pool: avg` makes their mean the feature of a ViT.
    """

    printed_name: ClassVar[str] = "SimMIM"
    paper: ClassVar[str | None] = "2111.09886"

    name: Literal["simmim"] = "simmim"
    mask_patch: int = Field(8, ge=1, le=1024, description="side of a masked square in pixels")
    ratio: float = Field(0.6, gt=0, lt=1, description="fraction of squares masked, rounded up")


class SupervisedSpec(Objective):
    """Cross entropy on the labels of the run's own images: no self-supervision, a stage in a chain.

    `label` names a column of the dataset with class indices from 0 to `classes` - 1. One linear
    layer maps the features of a view to them, as in the intermediate task of Bridge et al. 2025,
    section 2.3.
    """

    printed_name: ClassVar[str] = "supervised"
    paper: ClassVar[str | None] = None
    reads_labels: ClassVar[bool] = True

    name: Literal["supervised"] = "supervised"
    label: str = "label"
    classes: int = Field(ge=2, le=1_000_000)


AnyMethod = (
    BarlowTwinsSpec
    | SimCLRSpec
    | VICRegSpec
    | BYOLSpec
    | MoCoV3Spec
    | DINOSpec
    | LeJEPASpec
    | SwAVSpec
    | SimMIMSpec
)
AnyObjective = AnyMethod | SupervisedSpec  # a new class goes into one of these two lines
MethodSpec = Annotated[AnyObjective, Field(discriminator="name")]


def _by_name(classes: tuple[type[Any], ...]) -> dict[str, type[Any]]:
    return {spec.model_fields["name"].default: spec for spec in classes}


OBJECTIVES: dict[str, type[AnyObjective]] = _by_name(get_args(AnyObjective))
METHOD_SPECS: dict[str, type[AnyMethod]] = _by_name(get_args(AnyMethod))  # they use no labels
