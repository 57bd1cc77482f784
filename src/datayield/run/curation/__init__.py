"""Images chosen by their features, and how diverse a set of images is."""

from datayield.run.curation.choose import chosen
from datayield.run.curation.measure import measured_set

__all__ = ["chosen", "measured_set"]
