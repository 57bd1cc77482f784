"""What images are, whatever they are called: a digest of each, read once and remembered.

A digest is of the encoded file or of the pixels as stored, so two copies of a file have the same
digest under any name, and a dataset is recognised wherever it is moved. Digests are kept under
the cache folder, with a checksum, by what tells that a file may have changed: name, size, times of
change, inode.
"""

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from datayield.data.census import printable
from datayield.data.permutation import WHOLE
from datayield.data.source import Labels, Pixels, Source, masked
from datayield.spec.atomic_files import write_json, write_with
from datayield.spec.environment import cache_dir
from datayield.spec.errors import StoreError
from datayield.spec.identity import digest

Digests = NDArray[np.uint64]  # [N]
GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio
REMEMBERED = 64  # files of digests that a changed source is compared with, the newest first


@runtime_checkable
class Computed(Protocol):
    """What a source adds whose images are computed or published: digests without reading them."""

    @property
    def content(self) -> Digests:
        """A digest of each image."""
        ...


@runtime_checkable
class Keyed(Protocol):
    """What a source adds that can tell which of its images may have changed."""

    @property
    def keys(self) -> Digests:
        """64 bits of name, size, time of change and inode of each image's file."""
        ...


@runtime_checkable
class Selection(Protocol):
    """What a source adds that holds some of another one's images."""

    @property
    def whole(self) -> Source:
        """The other source."""
        ...

    @property
    def chosen(self) -> Labels:
        """Positions in it, ascending."""
        ...


def is_computed(source: Source) -> bool:
    """Whether the name of `source` decides its images and labels."""
    return isinstance(source.whole if isinstance(source, Selection) else source, Computed)


def numbered(what: str, numbers: Labels) -> Digests:
    """Digests of images that a name and a number determine."""
    return mixed(numbers.astype(np.uint64) ^ np.uint64(int(digest(what, 16), 16)))


def mixed(values: Digests) -> Digests:
    """A bijection of 64 bits that changes half of them: the finaliser of SplitMix64."""
    z = values + GOLDEN
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Digests = z ^ (z >> np.uint64(31))
    return mixed


def ranked(digests: Digests, *key: int) -> Labels:
    """All positions in an order that the contents and `key` decide, whatever else is there.

    An image keeps its place among the others when images are added. Copies are neighbours.
    """
    salt = np.uint64(int(digest(["rank", *key], 16), 16))
    return np.argsort(mixed(digests ^ salt), kind="stable").astype(np.int64)


def content_of(source: Source) -> Digests | None:
    """The digest of each listed image; None for a set that is too large to read first.

    The first call reads every image; later ones read what may have changed since.
    """
    if isinstance(source, Computed):
        return source.content
    if isinstance(source, Selection):
        whole = content_of(source.whole)
        return None if whole is None else whole[source.chosen]
    if len(source) > WHOLE:
        return None
    return _remembered(source, keys_of(source), source.read)


def digest_masks(source: Source) -> Digests:
    """The digest of each listed image's mask."""
    with_masks = masked(source)
    assert with_masks is not None
    return _remembered(source, mixed(keys_of(source)), with_masks.read_mask)


def undecodable(digests: Digests) -> NDArray[np.bool_]:
    """Which of the images are known to be damaged, from having been decoded before."""
    return np.isin(digests, _known("undecodable"))


def known_undecodable() -> int:
    """How many different images were found to be damaged."""
    return len(_known("undecodable"))


def further_pages(digests: Digests) -> NDArray[np.bool_]:
    """Which of the images are known to be the first page of a file that has more."""
    return np.isin(digests, _known("pages"))


def remember_undecodable(digests: Digests) -> None:
    """Keep for later plans that images of these digests cannot be decoded."""
    _remember("undecodable", digests)


def remember_further_pages(digests: Digests) -> None:
    """Keep for later plans that files of these digests have further pages, which are not used."""
    _remember("pages", digests)


def _remember(what: str, digests: Digests) -> None:
    known = _known(what)
    new = np.setdiff1d(digests, known)
    if len(new):
        with suppress(StoreError):  # a full or read-only cache costs finding them again
            names = sorted(f"{d:016x}" for d in np.union1d(new, known).tolist())
            write_json(_known_path(what), {"digests": names, "check": digest(names)})


def _known(what: str) -> Digests:
    try:
        kept = json.loads(_known_path(what).read_text(encoding="utf-8"))
        if kept["check"] != digest(kept["digests"]):
            return np.zeros(0, np.uint64)  # changed since it was written
        return np.array([int(text, 16) for text in kept["digests"]], np.uint64)
    except (OSError, ValueError, TypeError, KeyError):
        return np.zeros(0, np.uint64)


def _known_path(what: str) -> Path:
    return cache_dir() / "content" / f"{what}.json"


def key_of(*known: object) -> int:
    """64 bits of what is known of a file: its name, size, time of change and inode."""
    text = "\0".join(map(str, known)).encode(errors="surrogateescape")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def keys_of(source: Source) -> Digests:
    """64 bits of each image that change whenever it may have."""
    if isinstance(source, Selection):
        return keys_of(source.whole)[source.chosen]
    if isinstance(source, Keyed):
        return source.keys
    return numbered(source.stamp, np.arange(len(source), dtype=np.int64))


@lru_cache(maxsize=64)
def _digests_in(path: Path, *state: int) -> tuple[Digests, Digests]:
    keys, digests = (table := np.load(path))[:, :-1]
    if table[0, -1] != _checksum(table[:, :-1]):
        raise ValueError("changed since it was written")
    return keys, digests


def _checksum(table: Digests) -> np.uint64:
    data = hashlib.blake2b(np.ascontiguousarray(table).data, digest_size=8).digest()
    return np.uint64(int.from_bytes(data, "little"))


def _remembered(source: Source, keys: Digests, read: Callable[[int], bytes | Pixels]) -> Digests:
    folder = cache_dir() / "content"
    path = folder / f"{hashlib.sha256(keys.tobytes()).hexdigest()[:24]}.npy"
    kept = _read(path)
    if kept is not None and np.array_equal(kept[0], keys):
        return kept[1]
    digests, missing = np.zeros(len(keys), np.uint64), np.ones(len(keys), bool)
    for other in _newest(folder):
        if (kept := _read(other)) is None or not len(kept[0]) or not missing.any():
            continue
        order = np.argsort(kept[0])
        at = np.minimum(np.searchsorted(kept[0], keys, sorter=order), len(order) - 1)
        same = missing & (kept[0][order[at]] == keys)
        digests[same] = kept[1][order[at[same]]]
        missing &= ~same
    unread = np.zeros(len(keys), bool)
    for i in np.flatnonzero(missing).tolist():
        made = _digest(source, i, read)
        unread[i] = made is None
        if made is None:  # decoding will say why; it is like no other image, and is tried again
            made = int(digest(["unreadable", printable(source.names(i))], 16), 16)
        digests[i] = made
    remember_undecodable(digests[unread])  # so that the first plan counts without them
    with suppress(OSError, StoreError):  # a full or read-only cache costs reading them again
        known, found = keys[~unread], digests[~unread]
        table = np.stack([known, found])
        checked = np.column_stack([table, np.full(2, _checksum(table))])
        write_with(path, lambda file: np.save(file, checked))
    return digests


def _newest(folder: Path) -> list[Path]:
    try:
        files = [(entry.stat().st_mtime_ns, Path(entry.path)) for entry in os.scandir(folder)]
    except OSError:
        return []
    return [path for _, path in sorted(files, reverse=True) if path.suffix == ".npy"][:REMEMBERED]


def _read(path: Path) -> tuple[Digests, Digests] | None:
    try:
        info = path.stat()
        keys, digests = _digests_in(path, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)
    except (OSError, ValueError, EOFError, IndexError):
        return None
    return keys, digests


def _digest(_: Source, i: int, read: Callable[[int], bytes | Pixels]) -> int | None:
    """The digest of an image, None if it cannot be read."""
    try:
        raw = read(i)
    except OSError:
        return None
    data = raw if isinstance(raw, bytes) else f"{raw.shape}".encode() + raw.tobytes()
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")
