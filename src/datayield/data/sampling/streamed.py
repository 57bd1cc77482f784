"""Pixels that do not fit in memory: prefetched in the background, some batches ahead."""

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from datayield.data.decoded import Rows, Stored, rows_of
from datayield.data.sampling.mixture import Joined
from datayield.data.sampling.resident import positions
from datayield.data.selection import Indices
from datayield.data.source import Labels, Pixels

AHEAD = 4  # prefetched batches; with the one in use, all that is held
READERS = 8  # threads, at least, to hide disk latency
PIECE = 32  # images per thread and read


@dataclass
class _Coming:
    """A batch on its way: `pixels` is complete when all `pieces` are done."""

    step: int
    pixels: Tensor  # [B, S, S, 3] in host memory, pinned if the device is a GPU
    pieces: list[Future[None]]
    moved: Tensor | None = None  # on the device, once the copy has started
    arrived: torch.cuda.Event | None = None


class Streamed:
    """The images `indices` of `images`, as uint8 on `device`; bit-identical to Resident.

    Holds at most AHEAD + 1 batches. A batch other than the next one is correct but not prefetched.
    `close` ends the threads; a later batch starts new ones.
    """

    def __init__(self, images: Rows | Pixels, indices: Indices, device: torch.device | str) -> None:
        self.device = torch.device(device)
        self._rows, self._indices = rows_of(images), indices
        self._readers: ThreadPoolExecutor | None = None
        self._window: deque[_Coming] = deque()
        self._asked: tuple[int, int, int | None, int | None] | None = None
        self._side: torch.cuda.Stream | None = None
        if self.device.type == "cuda":
            self._side = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]
        if isinstance(self._rows, Stored | Joined):
            self._rows.scattered()

    def __len__(self) -> int:
        return len(self._indices)

    def batch(self, seed: int, step: int, size: int, part: slice = slice(None)) -> Tensor:
        """Like `Resident.batch`. Raises DataError if an image cannot be read."""
        asked = (seed, size, part.start, part.stop)
        if asked != self._asked or not self._window or self._window[0].step != step:
            self._forget()
            self._asked = asked
        try:
            while len(self._window) <= AHEAD:
                self._begin(seed, step + len(self._window), size, part)
            coming = self._window.popleft()
            for piece in coming.pieces:
                piece.result()
        except BaseException:
            self.close()
            raise
        pixels = coming.pixels.to(self.device) if self._side is None else self._moved(coming)
        return pixels.permute(0, 3, 1, 2)

    def close(self) -> None:
        """End the threads and drop prefetched batches."""
        self._forget()
        if self._readers is not None:
            self._readers.shutdown(wait=True)
            self._readers = None

    def _begin(self, seed: int, step: int, size: int, part: slice) -> None:
        """Start reading a batch: in the order of the file, into the order of the batch."""
        chosen = self._indices[positions(len(self), seed, step, size)[part]]
        pixels = torch.empty(
            (len(chosen), *self._rows.shape[1:]),
            dtype=torch.uint8,
            pin_memory=self._side is not None,
        )
        if self._readers is None:
            self._readers = ThreadPoolExecutor(max(READERS, os.cpu_count() or 1), "images")
        ascending = np.argsort(chosen, kind="stable")
        pieces = [
            self._readers.submit(self._read, chosen, ascending[start : start + PIECE], pixels)
            for start in range(0, len(chosen), PIECE)
        ]
        self._window.append(_Coming(step, pixels, pieces))

    def _read(self, chosen: Labels, places: Labels, pixels: Tensor) -> None:
        self._rows.read(chosen[places], pixels.numpy(), places)

    def _moved(self, coming: _Coming) -> Tensor:
        """The batch on the GPU; also starts copying the following batches that are read."""
        for each in (coming, *self._window):
            if each.moved is None and all(piece.done() for piece in each.pieces):
                if any(piece.exception() for piece in each.pieces):
                    break  # reported when its turn comes
                with torch.cuda.stream(self._side):
                    each.moved = each.pixels.to(self.device, non_blocking=True)
                    each.arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
                    each.arrived.record()
        assert coming.moved is not None
        assert coming.arrived is not None
        stream = torch.cuda.current_stream(self.device)
        stream.wait_event(coming.arrived)
        coming.moved.record_stream(stream)  # its memory is not reused before it is consumed
        return coming.moved

    def _forget(self) -> None:
        for coming in self._window:
            for piece in coming.pieces:
                piece.cancel()
        self._window.clear()
