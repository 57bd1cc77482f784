"""Images decoded again whenever they are read, for sets whose pixels no disk at hand can keep.

Such a set is decoded once all the same, chunk by chunk: to find the damaged images and to have the
digest that its pixels would have, so that a run is the same run and ends with the same bits.
"""

from collections.abc import Iterable
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from datayield.data.decoded.array_files import close_digest
from datayield.data.decoded.decode import Fit, decode
from datayield.data.decoded.decode_all import CHUNK, DecodeJob, DecodeOutcome, Progress, decode_all
from datayield.data.source import Labels, Pixels, Source
from datayield.spec.errors import DataError


class Undecoded:
    """Rows of the good images of `source`, which threads decode: Pillow lets others run meanwhile.

    A folder or tar shards give each image for itself; of parquet files a whole row group is read
    for it, so those want small groups (Hugging Face's have 100 images).
    """

    def __init__(self, source: Source, bad: Iterable[int], size: int, fit: Fit) -> None:
        self._source, self._size, self._fit = source, size, fit
        self._bad = np.sort(np.fromiter(bad, np.int64))
        self.shape = (len(source) - len(self._bad), size, size, 3)

    @cached_property
    def _good_before(self) -> Labels:
        """How many good images are listed before each damaged one."""
        return self._bad - np.arange(len(self._bad))

    def read(self, chosen: Labels, out: Pixels, places: Labels) -> None:
        listed = chosen + np.searchsorted(self._good_before, chosen, side="right")
        for i, place in zip(listed.tolist(), places.tolist(), strict=True):
            decoded: Any
            try:
                decoded = decode(self._source.read(i), self._size, self._fit)
            except OSError as error:
                decoded = str(error)
            if isinstance(decoded, str):
                raise DataError(
                    f"an image that was decoded before can no longer be read: {decoded}",
                    where=self._source.names(i),
                    hint="if the files were changed, run again: changed files are checked again",
                )
            out[place] = decoded.pixels


def looked_at(
    source: Source,
    size: int,
    fit: Fit,
    scratch: Path,
    workers: int | None,
    progress: Progress | None,
) -> tuple[DecodeOutcome, str]:
    """What decoding the images once showed, and the digest of the good ones' pixels and labels."""
    sha, job = (
        sha256(f"{size}".encode()),
        DecodeJob(source, scratch / "part", size, fit, apart=True),
    )
    outcome = decode_all(job, workers, progress, partial(_take, sha, job))
    bad = [i for i, _ in outcome.skipped]
    labels = {name: np.delete(column, bad) for name, column in source.labels.items()}
    return outcome, close_digest(sha, labels)


def _take(sha: Any, job: DecodeJob, start: int, part: DecodeOutcome) -> None:
    """Hash the good images of a chunk, which is then done with."""
    path = job.part(start)
    pixels = np.fromfile(path, np.uint8).reshape(-1, job.size**2 * 3)
    assert len(pixels) <= CHUNK
    sha.update(np.delete(pixels, [i - start for i, _ in part.skipped], axis=0).data)
    path.unlink()
