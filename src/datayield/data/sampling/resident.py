"""Pixels held on the device, visited in an order that depends only on (seed, step)."""

import numpy as np
import torch
from torch import Tensor

from datayield.data.decoded import Rows, rows_of
from datayield.data.permutation import places
from datayield.data.selection import Indices
from datayield.data.source import Labels, Pixels

ORDER = 0x6F72646572  # "order": a random stream separate from others with the same seed
CHUNK = 64 << 20  # bytes per copy


def positions(n: int, seed: int, step: int, batch: int) -> Labels:
    """Positions [batch] in range(n) that `step` visits.

    Batches are slices of an endless sequence of permutations of range(n), one per pass, each seeded
    by (seed, pass). They cross pass boundaries, so every position occurs floor or ceil of
    steps * batch / n times, even if n < batch.
    """
    start, parts = step * batch, []
    while (left := (step + 1) * batch - start) > 0:
        number, offset = divmod(start, n)
        parts.append(places(n, (ORDER, seed, number), offset, min(n, offset + left)))
        start += len(parts[-1])
    return np.concatenate(parts)


class Resident:
    """The images `indices` of `images`, as uint8 [N, S, S, 3] in the memory of `device`."""

    def __init__(self, images: Rows | Pixels, indices: Indices, device: torch.device | str) -> None:
        self.device = torch.device(device)
        rows = rows_of(images)
        self._pixels = torch.empty(
            (len(indices), *rows.shape[1:]), dtype=torch.uint8, device=self.device
        )
        step = max(1, CHUNK // int(np.prod(rows.shape[1:])))
        for start in range(0, len(indices), step):
            where = np.arange(start, min(start + step, len(indices)), dtype=np.int64)
            chosen = indices[where]
            ascending = np.argsort(chosen, kind="stable")  # the order of the file
            part = np.empty((len(chosen), *rows.shape[1:]), np.uint8)
            rows.read(chosen[ascending], part, ascending)
            self._pixels[start : start + len(part)] = torch.from_numpy(part)

    def __len__(self) -> int:
        return len(self._pixels)

    def batch(self, seed: int, step: int, size: int, part: slice = slice(None)) -> Tensor:
        """uint8 [size, 3, S, S] in channels_last layout (a view, nothing is transposed).

        With `part`, only that slice of the batch: the part of one process.
        """
        chosen = torch.from_numpy(positions(len(self), seed, step, size)[part])
        pixels = self._pixels[chosen.to(self.device, non_blocking=True)]
        return pixels.permute(0, 3, 1, 2)

    def close(self) -> None:
        """A no-op: nothing runs in the background."""
