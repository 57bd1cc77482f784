"""What one more image, hour of training or label costs."""

from pydantic import Field

from datayield.spec.frozen import Frozen


class Prices(Frozen):
    """Prices in one currency; None where none is given."""

    image: float | None = Field(None, ge=0, description="of one more unlabelled image")
    hour: float | None = Field(None, ge=0, description="of an hour of training")
    label: float | None = Field(None, ge=0, description="of labelling one image")
    currency: str = Field("", max_length=12)
