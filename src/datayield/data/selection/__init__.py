"""Which images of a split a run takes: some classes, a subset, without torch."""

from datayield.data.selection.classes import among, missing_classes
from datayield.data.selection.subset import Indices, digest_of, indices

__all__ = ["Indices", "among", "digest_of", "indices", "missing_classes"]
