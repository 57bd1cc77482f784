"""Which images a run uses: subsets, classes, mixtures; batches from memory or from disk."""

from datayield.data.sampling.classes import among
from datayield.data.sampling.mixture import EndToEnd, Joined
from datayield.data.sampling.resident import Resident, positions
from datayield.data.sampling.streamed import Streamed
from datayield.data.sampling.subset import Indices, digest_of, indices

__all__ = [
    "EndToEnd",
    "Indices",
    "Joined",
    "Resident",
    "Streamed",
    "among",
    "digest_of",
    "indices",
    "positions",
]
