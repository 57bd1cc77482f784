"""Splits as decoded arrays, opened once per process."""

from collections.abc import Callable

from datayield.data.decoded import Arrays, Fit, Stored, prepare

_DECODED: dict[tuple[str, str, int, Fit], Arrays] = {}


def arrays_of(
    dataset: str,
    split: str,
    size: int,
    fit: Fit,
    progress: Callable[[int, int], None] | None = None,
    on_the_fly: bool = False,
) -> Arrays:
    """A decoded split; cached within a process.

    `on_the_fly`: also accept a split that does not fit on disk, which is enough for pretraining.
    """
    key = (dataset, split, size, fit)
    decoded = _DECODED.get(key)
    if decoded is None or not (on_the_fly or isinstance(decoded.rows, Stored)):
        _DECODED[key] = prepare(dataset, split, size, fit, progress=progress, on_the_fly=on_the_fly)
    return _DECODED[key]


def forget_decoded() -> None:
    """Open decoded splits anew: their files were found to have changed."""
    _DECODED.clear()
