"""What one more image, hour of training or label costs."""

from typing import NamedTuple


class Prices(NamedTuple):
    """Prices in one currency; None where none is given."""

    image: float | None = None  # one more unlabelled image, collected and stored
    hour: float | None = None  # of training
    label: float | None = None  # of one image
    currency: str = "EUR"
