"""Batches of the images that a run takes: from memory, streamed, or of several sets."""

from datayield.data.sampling.mixture import EndToEnd, Joined
from datayield.data.sampling.resident import Resident, positions
from datayield.data.sampling.streamed import Streamed

__all__ = ["EndToEnd", "Joined", "Resident", "Streamed", "positions"]
