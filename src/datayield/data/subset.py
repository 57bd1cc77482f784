"""Which images a study takes: nested by construction, decided without looking at labels."""

import hashlib
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from datayield.data.order import BLOCK, WHOLE, bijection, places
from datayield.data.source import Labels
from datayield.spec.errors import DataError
from datayield.spec.run import Subset


class Indices(Protocol):
    """Positions among a split's good images: an array of them, or what computes each."""

    def __len__(self) -> int: ...

    def __getitem__(self, where: Labels, /) -> Labels: ...


@dataclass(frozen=True)
class Drawn:
    """The first `count` of `total` positions in the order of `seed`; None is the stored order.

    Holds no positions: each is computed when it is asked for.
    """

    total: int
    count: int
    seed: int | None

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, where: Labels, /) -> Labels:
        return where if self.seed is None else bijection(self.total, (self.seed,), where)


def indices(subset: Subset, total: int, skipped: int = 0) -> Indices:
    """Positions [count] among `total` good images: a prefix of an order that `seed` decides.

    `random` is the order of `data.order`, `first` the stored one, so a smaller count is a prefix
    of a larger one. An array up to `order.WHOLE` images in the split, computed on demand beyond.
    Raises DataError where there are not enough images.
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
    if total > WHOLE:
        return Drawn(total, count, None if subset.rule == "first" else subset.seed)
    if subset.rule == "first":
        return np.arange(count, dtype=np.int64)
    return places(total, (subset.seed,), 0, count).astype(np.int64)


def digest_of(chosen: Indices) -> str:
    """12 hex digits over the positions and their order."""
    sha = hashlib.sha256()
    for start in range(0, len(chosen), BLOCK):
        where = np.arange(start, min(start + BLOCK, len(chosen)), dtype=np.int64)
        sha.update(chosen[where].astype("<i8").data)
    return sha.hexdigest()[:12]
