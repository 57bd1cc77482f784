"""Images decoded again whenever they are read, for datasets whose pixels do not fit on disk.

Such a dataset is still decoded once, chunk by chunk, to find damaged images and to compute the
digest that its pixels would have, so that a run has the same id and a bit-identical result.
"""

from collections.abc import Iterable
from functools import cached_property, partial
from hashlib import sha256
from typing import Any

import numpy as np

from datayield.data.decoded.alike import decoded_alike
from datayield.data.decoded.array_files import close_digest
from datayield.data.decoded.decode import Fit, decode
from datayield.data.decoded.decode_all import (
    CHUNK,
    DecodeJob,
    DecodeOutcome,
    Progress,
    decode_all,
    why_unread,
)
from datayield.data.source import Labels, Pixels, Source
from datayield.spec.errors import DataError


class Undecoded:
    """Rows of the good images of `source`, decoded in threads: Pillow releases the GIL.

    Folders and tar shards allow reading single images; parquet reads a whole row group for one, so
    row groups should be small (Hugging Face's have 100 images).
    """

    def __init__(
        self, source: Source, bad: Iterable[int], size: int, fit: Fit, white: int = 0
    ) -> None:
        self._source, self._size, self._fit, self._white = source, size, fit, white
        self._bad = np.sort(np.fromiter(bad, np.int64))
        self.shape = (len(source) - len(self._bad), size, size, 3)

    @cached_property
    def _good_before(self) -> Labels:
        """The number of good images before each damaged one."""
        return self._bad - np.arange(len(self._bad))

    def read(self, chosen: Labels, out: Pixels, places: Labels) -> None:
        listed = chosen + np.searchsorted(self._good_before, chosen, side="right")
        for i, place in zip(listed.tolist(), places.tolist(), strict=True):
            decoded: Any
            try:
                decoded = decode(self._source.read(i), self._size, self._fit, self._white)
            except OSError as error:
                decoded = why_unread(error)
            if isinstance(decoded, str):
                raise DataError(
                    f"an image that was decoded before can no longer be read: {decoded}",
                    where=self._source.names(i),
                    hint="if the files were changed, run again: changed files are checked again",
                )
            out[place] = decoded.pixels


def looked_at(
    dataset: str, job: DecodeJob, workers: int | None, progress: Progress | None
) -> tuple[DecodeOutcome, int, str]:
    """The outcome of decoding all images once, with its white, and their digest.

    The digest is of the good pixels and labels; `job` must write chunks apart.
    """
    digest = ""

    def look(white: int) -> DecodeOutcome:
        nonlocal digest
        sha, whole = sha256(f"{job.size}".encode()), job._replace(white=white)
        outcome = decode_all(whole, workers, progress, partial(_take, sha, whole))
        bad = [i for i, _ in outcome.skipped]
        labels = {name: np.delete(column, bad) for name, column in job.source.labels.items()}
        digest = close_digest(sha, labels)
        return outcome

    return *decoded_alike(dataset, job.source, look), digest


def _take(sha: Any, job: DecodeJob, start: int, part: DecodeOutcome) -> None:
    """Hash the good images of a chunk, then delete it."""
    path = job.part(start)
    pixels = np.fromfile(path, np.uint8).reshape(-1, job.size**2 * 3)
    assert len(pixels) <= CHUNK
    sha.update(np.delete(pixels, [i - start for i, _ in part.skipped], axis=0).data)
    path.unlink()
