"""Images chosen by their features, and how diverse a set of images is."""

from datayield.run.curation.choose import chosen
from datayield.run.curation.measure import measured_set
from datayield.run.curation.set_features import keep_features

__all__ = ["chosen", "keep_features", "measured_set"]
