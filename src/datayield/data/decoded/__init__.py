"""Images as arrays of pixels, decoded once and kept on disk, or on the fly."""

from datayield.data.decoded.arrays import Arrays, bytes_to_decode, prepare
from datayield.data.decoded.decode import DECODER, Fit, decode
from datayield.data.decoded.one_at_a_time import one_at_a_time
from datayield.data.decoded.rows import Rows, Stored, rows_of

__all__ = [
    "DECODER",
    "Arrays",
    "Fit",
    "Rows",
    "Stored",
    "bytes_to_decode",
    "decode",
    "one_at_a_time",
    "prepare",
    "rows_of",
]
