"""Which images of a split a run or an evaluation takes, without torch."""

from datayield.data.selection.apart import check_apart
from datayield.data.selection.classes import among, drawn_from, missing_classes
from datayield.data.selection.folds import dealt
from datayield.data.selection.items import sample_items
from datayield.data.selection.subset import Indices, digest_of, indices, pool_of

__all__ = [
    "Indices",
    "among",
    "check_apart",
    "dealt",
    "digest_of",
    "drawn_from",
    "indices",
    "missing_classes",
    "pool_of",
    "sample_items",
]
