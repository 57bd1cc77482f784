"""Near copies: resized, re-encoded, brightened or mirrored versions of an image in other sets.

Candidates have perceptual hashes (imagehash, an optional extra) that differ in few bits; a pair
counts if their grey thumbnails correlate as well. Crops and other photographs of the same scene
are mostly not found.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from datayield.data.decoded import decode
from datayield.data.source import Source
from datayield.spec.errors import ConfigError

SIDE = 64  # pixels of the decoded image that is hashed
THUMBNAIL = 16
BITS = 10  # of 64 that may differ
CORRELATION = 0.98
ROWS = 256  # compared at once


class Looks(NamedTuple):
    """What is compared of n images, as they are and mirrored."""

    positions: NDArray[np.int64]  # [n] in the source; damaged images are left out
    hashes: NDArray[np.uint64]  # [2, n]
    thumbnails: NDArray[np.float32]  # [2, n, THUMBNAIL ** 2], centred, of norm 1


class NearCopy(NamedTuple):
    """Two images that look alike: positions in the two sources, and how alike."""

    one: int
    other: int
    bits: int  # of the hashes that differ
    correlation: float
    mirrored: bool


def looks_of(source: Source, positions: Sequence[int] | None = None) -> Looks:
    """Hashes and thumbnails of a source's images. Raises ConfigError without imagehash."""
    try:
        from imagehash import phash
        from PIL import Image
    except ImportError as error:
        raise ConfigError(
            "looking for near copies requires the package imagehash",
            where="--near-copies",
            hint="pip install 'datayield[copies]'",
        ) from error
    kept: list[int] = []
    hashes: list[list[int]] = []
    thumbnails: list[list[NDArray[np.float32]]] = []
    for i in range(len(source)) if positions is None else positions:
        decoded = decode(source.read(i), SIDE, "squash")
        if isinstance(decoded, str):
            continue
        image = Image.fromarray(decoded.pixels).convert("L")
        both = image, image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        kept.append(i)
        hashes.append(
            [int("".join("1" if bit else "0" for bit in phash(v).hash.ravel()), 2) for v in both]
        )
        thumbnails.append([_thumbnail(np.asarray(v, np.float32)) for v in both])
    shape = (-1, 2, THUMBNAIL**2)
    return Looks(
        np.array(kept, np.int64),
        np.array(hashes, np.uint64).reshape(-1, 2).T,
        np.array(thumbnails, np.float32).reshape(shape).transpose(1, 0, 2),
    )


def near_copies(one: Looks, other: Looks | None = None) -> Iterator[NearCopy]:
    """Pairs that look alike: within one set, each pair once, or between two sets."""
    against = one if other is None else other
    for start in range(0, len(one.positions), ROWS):
        rows = slice(start, start + ROWS)
        seen: set[tuple[int, int]] = set()  # a symmetric image is found as it is
        for mirrored in (False, True):
            bits = np.bitwise_count(one.hashes[int(mirrored), rows, None] ^ against.hashes[0])
            for a, b in np.argwhere(bits <= BITS).tolist():
                if (other is None and start + a >= b) or (a, b) in seen:
                    continue
                pair = one.thumbnails[int(mirrored), start + a], against.thumbnails[0, b]
                alike = float(pair[0] @ pair[1])
                if alike >= CORRELATION:
                    seen.add((a, b))
                    yield NearCopy(
                        int(one.positions[start + a]),
                        int(against.positions[b]),
                        int(bits[a, b]),
                        alike,
                        mirrored,
                    )


def _thumbnail(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means over squares [THUMBNAIL ** 2], centred, of norm 1; zeros where all are equal."""
    step = SIDE // THUMBNAIL
    means = grey.reshape(THUMBNAIL, step, THUMBNAIL, step).mean((1, 3)).ravel()
    means -= means.mean()
    norm = float(np.linalg.norm(means))
    return means / norm if norm > 1e-3 else np.zeros_like(means)
