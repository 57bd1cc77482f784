"""Which images a study takes: nested by construction, decided without looking at labels."""

import hashlib

import numpy as np

from datayield.data.source import Labels
from datayield.spec.errors import DataError
from datayield.spec.run import Subset


def indices(subset: Subset, total: int, skipped: int = 0) -> Labels:
    """Positions [count] among `total` good images: a prefix of an order that `seed` decides.

    `random` is the order of `PCG64(seed)`'s permutation, `first` the stored one, so a smaller
    count is a prefix of a larger one. Raises DataError where there are not enough images.
    """
    count = total if subset.count is None else subset.count
    if count > total:
        damaged = f" ({skipped} more are damaged and were skipped)" if skipped else ""
        raise DataError(
            f"{subset.dataset!r} split {subset.split!r} has {total} good images{damaged}",
            where="data.count",
            got=count,
            allowed=f"1 to {total}",
            hint="ask for fewer images, or repair the damaged ones" if skipped else "ask for fewer",
        )
    if subset.rule == "first":
        return np.arange(count, dtype=np.int64)
    order = np.random.Generator(np.random.PCG64(subset.seed)).permutation(total)
    return order[:count].astype(np.int64)


def digest_of(chosen: Labels) -> str:
    """12 hex digits over the positions and their order."""
    return hashlib.sha256(chosen.astype("<i8").tobytes()).hexdigest()[:12]
