"""Images decoded once: a read-only uint8 memmap under the cache folder, with labels and digest."""

import hashlib
import json
import math
import shutil
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np

from datayield.data.catalog import find
from datayield.data.census import NONE, Noted, further_pages_note, noted
from datayield.data.content import (
    Digests,
    content_of,
    keys_of,
    remember_further_pages,
    remember_undecodable,
)
from datayield.data.decoded.alike import decoded_alike, state_of
from datayield.data.decoded.array_files import (
    disk_full,
    not_stored,
    room_for,
)
from datayield.data.decoded.decode import DARK, DECODER, Fit
from datayield.data.decoded.decode_all import DecodeJob, decode_all
from datayield.data.decoded.described import check_some_good, close_and_digest, described
from datayield.data.decoded.intact import (
    is_damaged,
    is_intact,
    labels_in,
    move_into_place,
    remember_state,
    sealed,
    unsealed,
)
from datayield.data.decoded.on_the_fly import Undecoded, looked_at
from datayield.data.decoded.one_at_a_time import one_at_a_time
from datayield.data.decoded.rows import Stored
from datayield.data.permutation import WHOLE
from datayield.data.source import Labels, Pixels, Source, masked
from datayield.spec.atomic_files import part_name, sweep, write_json
from datayield.spec.environment import cache_dir
from datayield.spec.errors import DataError
from datayield.spec.identity import digest
from datayield.spec.named_paths import pasteable


class Skipped(NamedTuple):
    """An image that could not be decoded."""

    name: str
    reason: str


@dataclass(frozen=True, eq=False)
class Arrays:
    """The good images of a split, `shape` [N, S, S, 3], as `rows`; `labels` name -> [N].

    `masks` [N, S, S]: the class of each pixel, None if the dataset has no masks.
    `digest` is over pixels, masks and labels. `listed` counts the damaged ones too, which `skipped`
    names; `converted` counts what else was done, such as `L to RGB`. `pages`: files with further
    pages or frames, of which the first is used. `white`: what became 255 in grey of more than 8
    bits whose range the files do not fix, 0 without such grey. `content` [N] is the digest of each
    image as stored, None for a set too large to be read first. `bad`: positions of the damaged
    ones in `source`. `redecoded`: what an earlier call stored was damaged.
    """

    dataset: str
    source: Source
    rows: Stored | Undecoded
    labels: dict[str, Labels]
    classes: dict[str, list[str]]
    digest: str
    skipped: list[Skipped]
    listed: int
    converted: dict[str, int] = field(default_factory=dict)
    pages: Noted = NONE
    white: int = 0
    masks: Pixels | None = None
    content: Digests | None = None
    bad: tuple[int, ...] = ()
    redecoded: bool = False

    def __len__(self) -> int:
        return self.rows.shape[0]

    def notes(self) -> list[str]:
        """What was not used as it is: skipped images, further pages, the range of deep grey."""
        told = []
        if self.redecoded:
            told.append("the stored decoded images were damaged, and were decoded again")
        if self.skipped:
            names = noted(f"{item.name} ({item.reason})" for item in self.skipped).words()
            told.append(
                f"{len(self.skipped):,} of {self.listed:,} images skipped{names}; "
                f"datayield doctor --data {pasteable(self.dataset)} lists them"
            )
        if self.pages.number:
            told.append(further_pages_note(self.pages.number) + self.pages.words())
        if dark := self.converted.get(DARK):
            told.append(
                f"16-bit colour below a quarter of white in {dark:,} of the images: only the high "
                "8 bits are used, so 12-bit colour keeps 16 levels; save them in 8 bits"
            )
        if self.white:
            told.append(
                f"16-bit grey is scaled from 0 to {self.white:,}, the smallest range of 8, 10, 12, "
                "14 or 16 bits that holds all of the dataset"
            )
        return told

    @cached_property
    def images(self) -> Pixels:
        """All images as a read-only memmap, for reading a few or all in order; else use `rows`.

        Raises DataError if the pixels are not stored.
        """
        if isinstance(self.rows, Undecoded):
            raise disk_full(math.prod(self.rows.shape), cache_dir())
        return np.memmap(self.rows.path, np.uint8, "r", shape=self.rows.shape)


def prepare(
    dataset: str,
    split: str,
    size: int,
    fit: Fit = "crop",
    *,
    progress: Callable[[int, int], None] | None = None,
    workers: int | None = None,
    on_the_fly: bool = False,
) -> Arrays:
    """Decode a split to `size` x `size` pixels; a second call only opens the stored arrays.

    With `on_the_fly`, pixels that do not fit on disk are decoded whenever they are read.
    `progress(done, total)` is called now and then. Safe to kill, and to call from several
    processes at once. Raises DataError: dataset or split not found, no usable image, disk full.
    """
    source = find(dataset, split)
    root = cache_dir() / "arrays"
    stamp = _stamp_file(root, source, size, fit)
    if stored := _usable(root, stamp, dataset, source, size, on_the_fly):
        return stored
    if not len(source):
        where = f"dataset {dataset!r}, split {split!r}"
        raise DataError("no images", where=where, hint="check the folder and the file extensions")
    try:
        stamp.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_stored(_bytes_of(source, size), root, error) from error
    with one_at_a_time(stamp):  # another process may have decoded it in the meantime
        stored = _usable(root, stamp, dataset, source, size, on_the_fly)
        about = {"dataset": dataset, "split": split, "size": size, "fit": fit}
        return stored or _make(source, root, stamp, about, progress, workers, on_the_fly)


def _usable(
    root: Path, stamp: Path, dataset: str, source: Source, size: int, on_the_fly: bool
) -> Arrays | None:
    """What an earlier call made, if it serves this one; pixels that now have room are stored."""
    kept = room_for(_bytes_of(source, size), root) if root.exists() else True
    stored = _stored(root, stamp, dataset, source)
    if stored and (isinstance(stored.rows, Stored) or (on_the_fly and not kept)):
        return stored
    return None


def _make(
    source: Source,
    root: Path,
    stamp: Path,
    about: dict[str, Any],
    progress: Callable[[int, int], None] | None,
    workers: int | None,
    on_the_fly: bool,
) -> Arrays:
    """Decode a split; `about`: dataset, split, size and fit."""
    dataset, size, fit = about["dataset"], about["size"], about["fit"]
    has_masks, needed = masked(source) is not None, _bytes_of(source, size)
    damaged = is_damaged(root, stamp)
    where = f"dataset {dataset!r}, split {about['split']!r}"
    for folder in (root, stamp.parent):
        sweep(folder)
    kept = room_for(needed, root)
    if not kept and (not on_the_fly or has_masks):
        raise disk_full(needed, root)
    building = root / f"building-{part_name()}"
    try:
        building.mkdir()
        _ = source.labels  # before decoding: this downloads the data and detects bad annotations
        if kept:
            masks = building / "masks.u8" if has_masks else None
            job = DecodeJob(source, building / "images.u8", size, fit, masks)
            outcome, white = decoded_alike(
                dataset,
                source,
                lambda white: decode_all(job._replace(white=white), workers, progress),
            )
            check_some_good(source, outcome, where)
            pixels = close_and_digest(building, source, outcome, size)
            about |= {"masks": has_masks, "digest": pixels}
        else:
            job = DecodeJob(source, building / "part", size, fit, apart=True)
            outcome, white, pixels = looked_at(dataset, job, workers, progress)
            check_some_good(source, outcome, where)
            about |= {"masks": False, "digest": pixels, "pixels": False}
        about |= {"white": white, "beside": state_of(dataset) if white else ""}
        meta = about | described(building, source, outcome, size)
        write_json(building / "meta.json", meta)
        remember_state(building, meta)
        move_into_place(building, root / meta["digest"], meta)
        write_json(stamp, sealed(meta))
    except OSError as error:
        raise not_stored(needed, root, error) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    made = _stored(root, stamp, dataset, source)
    if made is None:
        raise DataError("decoded images disappeared while being written", where=str(root))
    return replace(made, redecoded=damaged)


def bytes_to_decode(source: Source, size: int, fit: Fit) -> int:
    """Bytes that decoding a split at `size` adds to the cache; 0 if it was decoded before."""
    root = cache_dir() / "arrays"
    return 0 if _stamp_file(root, source, size, fit).exists() else _bytes_of(source, size)


def _bytes_of(source: Source, size: int) -> int:
    return len(source) * size * size * (3 if masked(source) is None else 4)


def _stamp_file(root: Path, source: Source, size: int, fit: Fit) -> Path:
    """What says which arrays hold the images of `source` at `size`."""
    masks = [] if masked(source) is None else ["masks"]
    files = ""  # with inodes, which tell a file from another of the same size and time
    if len(source) <= WHOLE:
        files = hashlib.sha256(keys_of(source).tobytes()).hexdigest()
    key = digest([source.stamp, files, size, fit, DECODER, *masks], 24)
    return root / "stamps" / f"{key}.json"


def _stored(root: Path, stamp: Path, dataset: str, source: Source) -> Arrays | None:
    """The arrays that an earlier call made from the same files; None if missing or incomplete.

    None too where a file that could not be read can be read now, or where the white of grey images
    may have changed with another split.
    """
    try:
        meta = unsealed(json.loads(stamp.read_text()))
        folder = root / meta["digest"]
        if not is_intact(folder, meta) or any(_can_be_read(source, i) for i in meta["unread"]):
            return None
        if meta["white"] and meta["beside"] != state_of(dataset):
            return None
        columns = labels_in(folder)
    except (OSError, ValueError, KeyError, TypeError, BadZipFile, zlib.error):
        return None
    shape = (meta["kept"], meta["size"], meta["size"], 3)
    digests = content_of(source)
    if meta["bad"] and not meta.get("masks") and digests is not None:
        remember_undecodable(digests[meta["bad"]])  # so that a plan counts without them
    if meta["pages"] and digests is not None:
        remember_further_pages(digests[meta["pages"]])  # so that a plan says so
    return Arrays(
        dataset=dataset,
        source=source,
        rows=Stored(folder / "images.u8", shape)
        if meta.get("pixels", True)
        else Undecoded(source, meta["bad"], meta["size"], meta["fit"], meta["white"]),
        labels=columns,
        classes=meta["classes"],
        digest=meta["digest"],
        skipped=[Skipped(item["name"], item["reason"]) for item in meta["skipped"]],
        listed=meta["listed"],
        converted=meta["converted"],
        pages=noted(map(source.names, meta["pages"])),
        white=meta["white"],
        masks=np.memmap(folder / "masks.u8", np.uint8, "r", shape=shape[:3])
        if meta.get("masks")
        else None,
        content=None if digests is None else np.delete(digests, meta["bad"]),
        bad=tuple(meta["bad"]),
    )


def _can_be_read(source: Source, i: int) -> bool:
    try:
        source.read(i)
    except OSError:
        return False
    return True
