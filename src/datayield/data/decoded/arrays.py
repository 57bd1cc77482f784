"""Images decoded once: a read-only uint8 memmap under the cache folder, with labels and digest."""

import hashlib
import json
import math
import shutil
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np

from datayield.data.catalog import find
from datayield.data.content import Digests, content_of, keys_of, remember_undecodable
from datayield.data.decoded.array_files import (
    close_gaps,
    content_digest,
    disk_full,
    is_complete,
    move_into_place,
    not_stored,
    room_for,
)
from datayield.data.decoded.decode import DECODER, Fit
from datayield.data.decoded.decode_all import DecodeJob, DecodeOutcome, decode_all
from datayield.data.decoded.on_the_fly import Undecoded, looked_at
from datayield.data.decoded.rows import Stored
from datayield.data.permutation import WHOLE
from datayield.data.source import Labels, Pixels, Source, masked
from datayield.spec.atomic_files import part_name, sweep, write_json
from datayield.spec.environment import cache_dir
from datayield.spec.errors import DataError
from datayield.spec.identity import digest


class Skipped(NamedTuple):
    """An image that could not be decoded."""

    name: str
    reason: str


@dataclass(frozen=True, eq=False)
class Arrays:
    """The good images of a split, `shape` [N, S, S, 3], as `rows`; `labels` name -> [N].

    `masks` [N, S, S]: the class of each pixel, None if the dataset has no masks.
    `digest` is over pixels, masks and labels. `listed` counts the damaged ones too, which `skipped`
    names; `converted` counts what else was done, such as `L to RGB`. `content` [N] is the digest of
    each image as stored, None for a set too large to be read first.
    """

    rows: Stored | Undecoded
    labels: dict[str, Labels]
    classes: dict[str, list[str]]
    digest: str
    skipped: list[Skipped]
    listed: int
    converted: dict[str, int] = field(default_factory=dict)
    masks: Pixels | None = None
    content: Digests | None = None

    def __len__(self) -> int:
        return self.rows.shape[0]

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
    has_masks = masked(source) is not None
    stamp = _stamp_file(root, source, size, fit)
    needed = _bytes_of(source, size)
    kept = room_for(needed, root) if root.exists() else True
    stored = _stored(root, stamp, source)
    if stored and (isinstance(stored.rows, Stored) or (on_the_fly and not kept)):
        return stored
    where = f"dataset {dataset!r}, split {split!r}"
    if not len(source):
        raise DataError("no images", where=where, hint="check the folder and the file extensions")
    try:
        stamp.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_stored(needed, root, error) from error
    for folder in (root, stamp.parent):
        sweep(folder)
    kept = room_for(needed, root)
    if not kept and (not on_the_fly or has_masks):
        raise disk_full(needed, root)
    building = root / f"building-{part_name()}"
    try:
        building.mkdir()
        _ = source.labels  # before decoding: this downloads the data and detects bad annotations
        about: dict[str, Any] = {"dataset": dataset, "split": split, "size": size, "fit": fit}
        if kept:
            masks = building / "masks.u8" if has_masks else None
            job = DecodeJob(source, building / "images.u8", size, fit, masks)
            outcome = decode_all(job, workers, progress)
            _check_some_good(source, outcome, where)
            pixels = _finish(building, source, outcome, size)
            about |= {"masks": has_masks, "digest": pixels}
        else:
            outcome, pixels = looked_at(source, size, fit, building, workers, progress)
            _check_some_good(source, outcome, where)
            about |= {"masks": False, "digest": pixels, "pixels": False}
        meta = about | _described(building, source, outcome)
        write_json(building / "meta.json", meta)
        move_into_place(building, root / meta["digest"], meta)
        write_json(stamp, meta)
    except OSError as error:
        raise not_stored(needed, root, error) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    made = _stored(root, stamp, source)
    if made is None:
        raise DataError("decoded images disappeared while being written", where=str(root))
    return made


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


def _stored(root: Path, stamp: Path, source: Source) -> Arrays | None:
    """The arrays that an earlier call made from the same files; None if missing or incomplete."""
    try:
        meta = json.loads(stamp.read_text())
        folder = root / meta["digest"]
        if not is_complete(folder, meta):
            return None
        with np.load(folder / "labels.npz") as stored:
            columns = {name.removeprefix("labels/"): stored[name] for name in stored.files}
    except (OSError, ValueError, KeyError, TypeError, BadZipFile, zlib.error):
        return None
    shape = (meta["kept"], meta["size"], meta["size"], 3)
    digests = content_of(source)
    if meta["bad"] and not meta.get("masks") and digests is not None:
        remember_undecodable(digests[meta["bad"]])  # so that a plan counts without them
    return Arrays(
        rows=Stored(folder / "images.u8", shape)
        if meta.get("pixels", True)
        else Undecoded(source, meta["bad"], meta["size"], meta["fit"]),
        labels=columns,
        classes=meta["classes"],
        digest=meta["digest"],
        skipped=[Skipped(item["name"], item["reason"]) for item in meta["skipped"]],
        listed=meta["listed"],
        converted=meta["converted"],
        masks=np.memmap(folder / "masks.u8", np.uint8, "r", shape=shape[:3])
        if meta.get("masks")
        else None,
        content=None if digests is None else np.delete(digests, meta["bad"]),
    )


def _check_some_good(source: Source, outcome: DecodeOutcome, where: str) -> None:
    if len(outcome.skipped) == len(source):
        i, reason = outcome.skipped[0]
        raise DataError(
            f"all {len(source)} images are corrupt; {source.names(i)}: {reason}", where=where
        )


def _finish(building: Path, source: Source, outcome: DecodeOutcome, size: int) -> str:
    """Close the gaps left by damaged images; returns the digest of the rest."""
    bad = [i for i, _ in outcome.skipped]
    files = {building / "images.u8": 3}
    if masked(source):
        files[building / "masks.u8"] = 1
    if bad:
        kept = np.delete(np.arange(len(source)), bad)
        for path, channels in files.items():
            close_gaps(path, kept, len(source), channels * size**2)
    labels = {name: np.delete(column, bad) for name, column in source.labels.items()}
    return content_digest(list(files), labels, size)


def _described(building: Path, source: Source, outcome: DecodeOutcome) -> dict[str, Any]:
    """Write the labels of the good images; returns the metadata of good and damaged ones."""
    import PIL

    bad = [i for i, _ in outcome.skipped]
    columns: dict[str, Any] = {
        f"labels/{name}": np.delete(column, bad) for name, column in source.labels.items()
    }
    np.savez(building / "labels.npz", **columns)
    return {
        "listed": len(source),
        "kept": len(source) - len(bad),
        "bad": bad,
        "skipped": [{"name": source.names(i), "reason": why} for i, why in outcome.skipped],
        "converted": dict(sorted(outcome.conversions.items())),
        "classes": source.classes,
        "decoder": DECODER,
        "versions": {"pillow": PIL.__version__, "numpy": np.__version__},
    }
