"""The images of a pool that may be picked: usable, each once, and none that the study knows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from datayield.data.decoded import Arrays
from datayield.data.near_copies import Looks, looks_of, near_copies
from datayield.data.source import Labels, Source
from datayield.pick.task_images import Known, Reason
from datayield.spec.errors import ConfigError

REASONS: dict[Reason, str] = {
    "unusable": "unusable",
    "labelled": "labelled already",
    "test": "in a test split",
    "pretrained": "pretrained on already",
    "copy": "copied within the pool",
    "near_copy": "nearly a copy of a labelled or test image",
}


class Candidates(NamedTuple):
    """Positions [n] among the good images of the pool; `left_out`: reason -> images left out."""

    rows: Labels
    left_out: dict[Reason, int]

    def without(self, kept: NDArray[np.bool_]) -> "Candidates":
        """Those `kept` [n]; the others are near copies."""
        dropped = self.left_out.get("near_copy", 0) + int((~kept).sum())
        return Candidates(self.rows[kept], self.left_out | {"near_copy": dropped})


def candidates(arrays: Arrays, known: Sequence[Known]) -> Candidates:
    """Leave out copies, by content. Images of a pool too large to be read first are all kept."""
    left_out: dict[Reason, int] = {"unusable": len(arrays.skipped)} if arrays.skipped else {}
    rows = np.arange(len(arrays), dtype=np.int64)
    if arrays.content is None:
        return Candidates(rows, left_out)
    for what, digests in known:
        copy = np.isin(arrays.content[rows], digests)
        if copy.any():
            left_out[what] = left_out.get(what, 0) + int(copy.sum())
        rows = rows[~copy]
    first = np.sort(np.unique(arrays.content[rows], return_index=True)[1])
    if again := len(rows) - len(first):
        left_out["copy"] = again
    return Candidates(rows[first], left_out)


def left_out_words(left_out: Mapping[Reason, int]) -> list[str]:
    """ "3 labelled already", and so on."""
    return [f"{n:,} {REASONS[reason]}" for reason, n in left_out.items()]


class NearCopies:
    """Which images of a pool are near copies of known ones, each image looked at once.

    Needs the package imagehash: without it, `looked_for` is false and none is found.
    """

    def __init__(self, pool: Arrays, sources: Iterable[Source]) -> None:
        self._pool, self._seen = pool, dict[int, bool]()
        self._good = np.delete(np.arange(pool.listed), pool.bad)
        try:
            self._known: list[Looks] | None = [looks_of(source) for source in sources]
        except ConfigError:  # imagehash is optional
            self._known = None

    @property
    def looked_for(self) -> bool:
        """Whether the package imagehash is installed."""
        return self._known is not None

    def among(self, rows: Labels) -> Labels:
        """Those of `rows` [k], positions in the pool, that are near copies."""
        if self._known is None:
            return rows[:0]
        new = [row for row in rows.tolist() if row not in self._seen]
        mine = looks_of(self._pool.source, self._good[new].tolist())
        near = {pair.one for looks in self._known for pair in near_copies(mine, looks)}
        self._seen |= {row: int(self._good[row]) in near for row in new}
        return rows[[self._seen[row] for row in rows.tolist()]]
