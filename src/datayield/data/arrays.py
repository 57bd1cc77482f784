"""Images decoded once: a read-only uint8 memmap under the cache folder, with labels and digest."""

import errno
import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from datayield.data.cache import cache_folder
from datayield.data.catalog import find
from datayield.data.decode import DECODER, Fit
from datayield.data.decode_all import Job, Outcome, decode_all
from datayield.data.source import Labels, Pixels, Source
from datayield.spec.errors import DataError
from datayield.spec.identity import digest

FORGOTTEN = 86_400  # seconds after which a half-written store was surely left by a killed process


class Skipped(NamedTuple):
    """An image that could not be decoded."""

    name: str
    reason: str


@dataclass(frozen=True, eq=False)
class Arrays:
    """The good images of a split: `images` [N, S, S, 3], `labels` name -> [N].

    `digest` is over pixels and labels. `listed` counts the damaged ones too, which `skipped`
    names; `converted` counts what else was done, such as `L to RGB`.
    """

    images: Pixels
    labels: dict[str, Labels]
    classes: dict[str, list[str]]
    digest: str
    skipped: list[Skipped]
    listed: int
    converted: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.images)


def prepare(
    dataset: str,
    split: str,
    size: int,
    fit: Fit = "crop",
    *,
    progress: Callable[[int, int], None] | None = None,
    workers: int | None = None,
) -> Arrays:
    """Decode a split to `size` x `size` pixels; the second call only opens what the first wrote.

    `progress(done, total)` is called now and then. Safe to kill, and to call from several
    processes at once. Raises DataError: dataset or split not there, no good image, disk full.
    """
    source = find(dataset, split)
    root = cache_folder() / "arrays"
    key = digest([source.stamp, size, fit, DECODER], 24)
    stamp = root / "stamps" / f"{key}.json"
    if stored := _stored(root, stamp):
        return stored
    total, where = len(source), f"dataset {dataset!r}, split {split!r}"
    if not total:
        raise DataError("no images", where=where, hint="check the folder and the file extensions")
    stamp.parent.mkdir(parents=True, exist_ok=True)
    _sweep(root)
    _room_for(total * size * size * 3, root)
    building = root / f"building-{uuid.uuid4().hex}"
    building.mkdir()
    try:
        outcome = decode_all(Job(source, building / "images.u8", size, fit), workers, progress)
        if len(outcome.skipped) == total:
            name, reason = source.names(0), outcome.skipped[0][1]
            raise DataError(f"all {total} images are damaged; {name}: {reason}", where=where)
        meta = _finish(building, source, outcome, size, fit) | {"dataset": dataset, "split": split}
        _write_json(building / "meta.json", meta)
        _keep(building, root / meta["digest"], meta)
        _write_json(stamp, meta)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _disk_full(total * size * size * 3, root) from error
        raise
    finally:
        shutil.rmtree(building, ignore_errors=True)
    made = _stored(root, stamp)
    if made is None:
        raise DataError("decoded images vanished as they were written", where=str(root))
    return made


def _stored(root: Path, stamp: Path) -> Arrays | None:
    """What an earlier call made of these very files; None where it is absent or incomplete."""
    try:
        meta = json.loads(stamp.read_text())
        folder = root / meta["digest"]
        if not _whole(folder, meta):
            return None
    except (FileNotFoundError, ValueError, KeyError):
        return None
    shape = (meta["kept"], meta["size"], meta["size"], 3)
    with np.load(folder / "labels.npz") as labels:
        return Arrays(
            images=np.memmap(folder / "images.u8", np.uint8, "r", shape=shape),
            labels={name: labels[name] for name in labels.files},
            classes=meta["classes"],
            digest=meta["digest"],
            skipped=[Skipped(item["name"], item["reason"]) for item in meta["skipped"]],
            listed=meta["listed"],
            converted=meta["converted"],
        )


def _whole(folder: Path, meta: dict[str, Any]) -> bool:
    images = folder / "images.u8"
    bytes_ = meta["kept"] * meta["size"] ** 2 * 3
    return images.exists() and images.stat().st_size == bytes_ and (folder / "labels.npz").exists()


def _finish(
    building: Path, source: Source, outcome: Outcome, size: int, fit: Fit
) -> dict[str, Any]:
    """Close the gaps that damaged images left, write the labels, and describe it all."""
    import PIL

    kept = np.delete(np.arange(len(source)), [i for i, _ in outcome.skipped])
    labels = {name: column[kept] for name, column in source.labels.items()}
    if outcome.skipped:
        _close_gaps(building / "images.u8", kept, len(source), size)
    np.savez(building / "labels.npz", **labels)  # type: ignore[arg-type]
    return {
        "digest": _content_digest(building / "images.u8", labels, size),
        "listed": len(source),
        "kept": len(kept),
        "skipped": [{"name": source.names(i), "reason": why} for i, why in outcome.skipped],
        "converted": dict(sorted(outcome.conversions.items())),
        "classes": source.classes,
        "size": size,
        "fit": fit,
        "decoder": DECODER,
        "versions": {"pillow": PIL.__version__, "numpy": np.__version__},
    }


def _close_gaps(path: Path, kept: Labels, total: int, size: int) -> None:
    images = np.memmap(path, np.uint8, "r+", shape=(total, size * size * 3))
    rows = max(1, (16 << 20) // images.shape[1])
    for start in range(0, len(kept), rows):
        chosen = kept[start : start + rows]
        images[start : start + len(chosen)] = images[chosen]  # the right side is copied first
    images.flush()
    del images
    os.truncate(path, len(kept) * size * size * 3)


def _content_digest(path: Path, labels: dict[str, Labels], size: int) -> str:
    sha = hashlib.sha256(f"{size}".encode())
    with path.open("rb") as file:
        for block in iter(partial(file.read, 1 << 20), b""):
            sha.update(block)
    for name, column in sorted(labels.items()):
        sha.update(name.encode() + column.astype("<i8").tobytes())
    return sha.hexdigest()[:16]


def _keep(building: Path, folder: Path, meta: dict[str, Any]) -> None:
    """Move into place in one step. Where another process was first, its copy is the one."""
    if folder.exists() and not _whole(folder, meta):
        shutil.rmtree(folder, ignore_errors=True)
    try:
        building.rename(folder)
    except OSError:
        if not _whole(folder, meta):
            raise


def _write_json(path: Path, value: dict[str, Any]) -> None:
    part = path.with_name(f"{uuid.uuid4().hex}.part")
    part.write_text(json.dumps(value, indent=1))
    part.replace(path)


def _sweep(root: Path) -> None:
    for left in root.glob("building-*"):
        images = left / "images.u8"
        if images.exists() and time.time() - images.stat().st_mtime > FORGOTTEN:
            shutil.rmtree(left, ignore_errors=True)


def _room_for(needed: int, root: Path) -> None:
    if shutil.disk_usage(root).free < needed:
        raise _disk_full(needed, root)


def _disk_full(needed: int, root: Path) -> DataError:
    free = shutil.disk_usage(root).free
    return DataError(
        f"the decoded images need {needed / 1e9:.2f} GB, and {free / 1e9:.2f} GB are free",
        where=str(root),
        hint="free some space, or let DATAYIELD_CACHE name a folder on a larger disk",
    )
