"""Several datasets as one: a mixture's rows and positions, concatenated."""

from collections.abc import Sequence

import numpy as np

from datayield.data.decoded import Rows, Stored
from datayield.data.sampling.subset import Indices
from datayield.data.source import Labels, Pixels
from datayield.spec.errors import DataError


class Joined:
    """Concatenated rows of several sets [N1 + N2 + ..., S, S, 3], all of one size."""

    def __init__(self, sets: Sequence[Rows]) -> None:
        self.sets = tuple(sets)
        self.starts = np.cumsum([0, *(rows.shape[0] for rows in sets)])
        self.shape = (int(self.starts[-1]), *sets[0].shape[1:])

    def read(self, chosen: Labels, out: Pixels, places: Labels) -> None:
        """Like `Rows.read`; each set is read once, in the order given."""
        of = np.searchsorted(self.starts, chosen, side="right") - 1
        for k, rows in enumerate(self.sets):
            if len(here := np.flatnonzero(of == k)):
                rows.read(chosen[here] - self.starts[k], out, places[here])

    def scattered(self) -> None:
        """Like `Stored.scattered`."""
        for rows in self.sets:
            if isinstance(rows, Stored):
                rows.scattered()


class EndToEnd:
    """Positions of several sets as positions in their `Joined` rows."""

    def __init__(self, parts: Sequence[Indices], totals: Sequence[int]) -> None:
        self._parts = tuple(parts)
        self._rows = np.cumsum([0, *totals])
        self._starts = np.cumsum([0, *(len(part) for part in parts)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, where: Labels, /) -> Labels:
        rows = np.empty(len(where), np.int64)
        of = np.searchsorted(self._starts, where, side="right") - 1
        for k, part in enumerate(self._parts):
            if len(here := np.flatnonzero(of == k)):
                rows[here] = part[where[here] - self._starts[k]] + self._rows[k]
        return rows


def check_apart(what: str, parts: dict[str, Indices]) -> None:
    """Raises DataError if `parts` of one split share images, which would be seen twice as often."""
    seen: dict[str, Labels] = {}
    for name, chosen in parts.items():
        positions = np.sort(chosen[np.arange(len(chosen), dtype=np.int64)])
        for other, before in seen.items():
            if shared := len(np.intersect1d(before, positions, assume_unique=True)):
                raise DataError(
                    f"parts {other} and {name} share {shared:,} images of {what}",
                    where=f"data.parts.{name}",
                    hint=f"give {name} other classes, or the same classes and seed as {other} and "
                    f"skip: {len(before)}, which starts after its images",
                )
        seen[name] = positions
