"""Pixels that live on the device, visited in an order that (seed, step) alone decides."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from datayield.data.source import Labels, Pixels

ORDER = 0x6F72646572  # "order": keeps this stream apart from others drawn from the same seed
RAM_LIMIT = 2 << 30  # bytes; beyond it a CPU run reads from the file behind the memmap
CHUNK = 64 << 20  # bytes copied at once


def positions(n: int, seed: int, step: int, batch: int) -> Labels:
    """Positions [batch] in range(n) that `step` visits.

    Batches are slices of an endless row of permutations of range(n), one per pass, each seeded
    by (seed, pass). They run across passes, so every position comes floor or ceil of
    steps * batch / n times, also where n < batch.
    """
    start, parts = step * batch, []
    while (left := (step + 1) * batch - start) > 0:
        number, offset = divmod(start, n)
        parts.append(_permutation(n, seed, number)[offset : offset + left])
        start += len(parts[-1])
    return np.concatenate(parts)


@lru_cache(maxsize=4)
def _permutation(n: int, seed: int, number: int) -> Labels:
    order = np.random.Generator(np.random.PCG64([ORDER, seed, number])).permutation(n)
    order.flags.writeable = False
    return order


class Resident:
    """The images `indices` of a store, as uint8 [N, S, S, 3] on `device`.

    On the CPU more than 2 GiB stay in the file and are read batch by batch.
    """

    def __init__(self, images: Pixels, indices: Labels, device: torch.device | str) -> None:
        self.device = torch.device(device)
        self._images, self._indices = images, indices
        nbytes = len(indices) * int(np.prod(images.shape[1:]))
        self._pixels: Tensor | None = None
        if self.device.type != "cpu" or nbytes < RAM_LIMIT:
            self._pixels = self._copied(max(1, CHUNK // int(np.prod(images.shape[1:]))))

    def __len__(self) -> int:
        return len(self._indices)

    def batch(self, seed: int, step: int, size: int, part: slice = slice(None)) -> Tensor:
        """uint8 [size, 3, S, S] in channels_last layout (a view, nothing is transposed).

        With `part` only those of the batch: a process's share.
        """
        chosen = positions(len(self), seed, step, size)[part]
        if self._pixels is None:
            pixels = torch.from_numpy(np.asarray(self._images[self._indices[chosen]]))
        else:
            pixels = self._pixels[torch.from_numpy(chosen).to(self.device, non_blocking=True)]
        return pixels.permute(0, 3, 1, 2)

    def _copied(self, rows: int) -> Tensor:
        pixels = torch.empty(
            (len(self), *self._images.shape[1:]), dtype=torch.uint8, device=self.device
        )
        for start in range(0, len(self), rows):
            chosen = self._indices[start : start + rows]
            pixels[start : start + rows] = torch.from_numpy(np.asarray(self._images[chosen]))
        return pixels
