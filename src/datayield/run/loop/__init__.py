"""The training loop: one step, its state on disk, trunks, memory format and threads."""

from datayield.run.loop.cpu_layout import (
    FORMATS,
    laid_out,
    lay_out,
    rates_here,
    threads_kept,
    way_of,
)
from datayield.run.loop.pretrain import Source, Tick
from datayield.run.loop.state import read_tensors, weights_digest
from datayield.run.loop.step import take
from datayield.run.loop.trunk import take_over

__all__ = [
    "FORMATS",
    "Source",
    "Tick",
    "laid_out",
    "lay_out",
    "rates_here",
    "read_tensors",
    "take",
    "take_over",
    "threads_kept",
    "way_of",
    "weights_digest",
]
