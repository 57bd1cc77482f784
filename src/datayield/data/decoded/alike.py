"""One white for the grey of a whole dataset: decoded once, and again where images differed."""

from collections.abc import Callable
from contextlib import suppress

from datayield.data.catalog import siblings
from datayield.data.decoded.decode import white_needed
from datayield.data.decoded.decode_all import DecodeOutcome
from datayield.data.source import Source
from datayield.spec.errors import DataError
from datayield.spec.identity import digest


def decoded_alike(
    dataset: str, source: Source, decode: Callable[[int], DecodeOutcome]
) -> tuple[DecodeOutcome, int]:
    """The outcome of `decode(white)`, with the `white` that all splits of `dataset` need.

    0 where no file is grey of more than 8 bits whose range its format leaves open: then, and where
    all images need the same, `decode` is called once, with 0.
    """
    outcome = decode(0)
    if not outcome.white:
        return outcome, 0
    white = max(outcome.white)
    for other in siblings(dataset):
        if other.stamp != source.stamp:
            white = max(white, _white_of(other))
    if set(outcome.white) != {white}:
        outcome = decode(white)
    return outcome, white


def state_of(dataset: str) -> str:
    """A digest that changes if the images of any split of `dataset` may have."""
    return digest(sorted(other.stamp for other in siblings(dataset)))


def _white_of(source: Source) -> int:
    """The white that the grey images of `source` need."""
    white = 0
    for i in range(len(source)):
        with suppress(OSError, DataError):  # reported when that split is decoded
            white = max(white, white_needed(source.read(i)))
    return white
