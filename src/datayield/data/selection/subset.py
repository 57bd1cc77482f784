"""Which images a study uses: nested by construction, selected without looking at labels.

Except for a part with named classes: its images are drawn from those, in the same way.
"""

import hashlib
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from datayield.data.content import Digests, ranked
from datayield.data.permutation import BLOCK, WHOLE, bijection, places
from datayield.data.source import Labels
from datayield.spec.errors import DataError
from datayield.spec.named_paths import pasteable
from datayield.spec.run import MOST_POOL, Part


class Indices(Protocol):
    """Positions among a split's good images: an array, or an object that computes each."""

    def __len__(self) -> int: ...

    def __getitem__(self, where: Labels, /) -> Labels: ...


@dataclass(frozen=True)
class SeededOrder:
    """`count` of `total` positions in the order of `seed`, after the first `skip` of it.

    None is the stored order. Holds no positions: each is computed on demand.
    """

    total: int
    count: int
    seed: int | None
    skip: int = 0

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, where: Labels, /) -> Labels:
        where = where + self.skip
        return where if self.seed is None else bijection(self.total, (self.seed,), where)


@dataclass(frozen=True, eq=False)
class Among:
    """Positions among those `of` some classes, as positions among all."""

    inner: Indices
    of: Labels

    def __len__(self) -> int:
        return len(self.inner)

    def __getitem__(self, where: Labels, /) -> Labels:
        return self.of[self.inner[where]]


def indices(
    subset: Part,
    total: int,
    skipped: int = 0,
    of: Labels | None = None,
    where: str = "data",
    digests: Digests | None = None,
) -> Indices:
    """Positions [count] among `total` good images: from an order that `seed` decides.

    `random` is the order of `data.permutation`, `first` the stored one, so a smaller count is a
    prefix of a larger one. `of`: the positions of the selected classes. An array up to `WHOLE`
    images, computed on demand for more. Raises DataError if there are not enough.
    """
    there, skip = total if of is None else len(of), subset.skip or 0
    count = max(1, there - skip) if subset.count is None else subset.count
    if skip + count > there:
        damaged = f" ({skipped:,} more skipped as corrupt)" if skipped else ""
        chosen = f" of {subset.classes.words()}" if of is not None and subset.classes else ""
        after = f" after the first {skip}" if skip else ""
        raise DataError(
            f"{subset.dataset!r} split {subset.split!r} has {there:,} usable "
            f"{'image' if there == 1 else 'images'}{chosen}{damaged}",
            where=f"{where}.count",
            got=f"{count}{after}",
            allowed=f"1 to {there - skip}" if there > skip else "none",
            hint=f"request fewer, or fix the damaged ones, which datayield doctor --data "
            f"{pasteable(subset.dataset)} lists"
            if skipped
            else "request fewer",
        )
    if of is not None and digests is not None:
        digests = digests[of]
    order = _order(subset, there, skip, count, digests)
    if of is None:
        return order
    return of[order] if isinstance(order, np.ndarray) else Among(order, of)


def pool_of(
    part: Part,
    total: int,
    skipped: int = 0,
    of: Labels | None = None,
    where: str = "data",
    digests: Digests | None = None,
) -> Indices:
    """Positions of the images that `select` chooses from, in the part's own order: see `indices`.

    At most `MOST_POOL`, unless stated; without `select`, the part's images. Raises DataError if
    there are not enough, or fewer than the part takes.
    """
    drawn = part.drawn
    if part.select is not None and drawn.count is None:
        there = (total if of is None else len(of)) - (part.skip or 0)
        count = max(part.count or 1, min(there, MOST_POOL))
        drawn = drawn.model_copy(update={"count": count})
    return indices(drawn, total, skipped, of, where, digests)


def _order(
    subset: Part, total: int, skip: int, count: int, digests: Digests | None
) -> Labels | SeededOrder:
    if total > WHOLE:
        return SeededOrder(total, count, None if subset.rule == "first" else subset.seed, skip)
    if subset.rule == "first":
        return np.arange(skip, skip + count, dtype=np.int64)
    if digests is not None:
        return ranked(digests, subset.seed)[skip : skip + count]
    return places(total, (subset.seed,), skip, skip + count).astype(np.int64)


def digest_of(chosen: Indices) -> str:
    """12 hex digits over the positions and their order."""
    sha = hashlib.sha256()
    for start in range(0, len(chosen), BLOCK):
        where = np.arange(start, min(start + BLOCK, len(chosen)), dtype=np.int64)
        sha.update(chosen[where].astype("<i8").data)
    return sha.hexdigest()[:12]
