"""What a pretraining objective can be asked to be: one model per method, knobs with defaults."""

from typing import Annotated, Literal

from pydantic import Field

from datayield.spec.model import Frozen

Widths = Annotated[tuple[Annotated[int, Field(ge=2)], ...], Field(min_length=1)]


class BarlowTwins(Frozen):
    """Redundancy reduction between two views (Zbontar et al. 2021, arXiv 2103.03230)."""

    name: Literal["barlow_twins"] = "barlow_twins"
    projector: Widths = (2048, 2048, 2048)
    beta: float = Field(0.0051, gt=0, description="weight of the off-diagonal terms")
    scale: float = Field(1.0, gt=0, description="factor on the whole loss (0.1 in solo-learn)")


class SimCLR(Frozen):
    """Normalised-temperature cross entropy over in-batch pairs (Chen et al. 2020, 2002.05709)."""

    name: Literal["simclr"] = "simclr"
    projector: Widths = (2048, 256)
    temperature: float = Field(0.2, gt=0)


class VICReg(Frozen):
    """Variance, invariance, covariance regularisation (Bardes et al. 2022, arXiv 2105.04906).

    The variance term is the mean of the two views' hinges, as in the authors' code; peers that
    sum the two (solo-learn) get the same loss with twice this `variance`.
    """

    name: Literal["vicreg"] = "vicreg"
    projector: Widths = (2048, 2048, 2048)
    invariance: float = Field(25.0, ge=0)
    variance: float = Field(25.0, ge=0)
    covariance: float = Field(1.0, ge=0)


MethodSpec = Annotated[BarlowTwins | SimCLR | VICReg, Field(discriminator="name")]
METHOD_SPECS: dict[str, type[BarlowTwins] | type[SimCLR] | type[VICReg]] = {
    "barlow_twins": BarlowTwins,
    "simclr": SimCLR,
    "vicreg": VICReg,
}
