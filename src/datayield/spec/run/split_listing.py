"""What is known about a split before any image is decoded."""

from collections.abc import Mapping
from typing import NamedTuple


class Listing(NamedTuple):
    """A split as listed: enough to plan with."""

    fingerprint: str  # digest of the files' names and sizes
    images: int  # listed, damaged ones included


Listings = Mapping[tuple[str, str], Listing]
