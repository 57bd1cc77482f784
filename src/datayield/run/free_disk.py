"""Whether store and cache can take what a plan will write: they are writable, and have room."""

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from datayield.data.catalog import Look
from datayield.data.decoded import bytes_to_decode
from datayield.spec.environment import cache_dir
from datayield.spec.errors import ConfigError, DataError, DatayieldError
from datayield.spec.run import RunSpec
from datayield.store.disk_usage import checkpoint_bytes, least_files
from datayield.store.folders import PARTS, Store
from datayield.store.plan import Plan

FILES_OF_SPLIT = 5  # decoded: a folder, pixels, labels, what they are, and which files they show
MOVE_STORE = "or choose another folder with --store or DATAYIELD_STORE"
MOVE_CACHE = "or set DATAYIELD_CACHE to another folder"


def disk_refusals(plan: Plan, store: Store, look: Look) -> Iterator[DatayieldError]:
    """A store or cache that cannot be written, or without room for checkpoints or images.

    Pretraining images that do not fit are decoded while training, so they are not counted. Writes
    nothing: `run` would find the same.
    """
    training = {
        (part.dataset, part.split, part.size, part.fit)
        for task in plan.todo
        if isinstance(task.spec, RunSpec) and task.share_left > 0
        for _, part in task.spec.data.members
    }
    evaluated = {
        (ev.dataset, split, ev.decoded_side, ev.fit)
        for task in plan.todo
        for _, ev in task.pending
        for split in ev.splits
    }
    needed = {
        (d, split, size, fit): bytes_to_decode(look(d, split), size, fit)
        for d, split, size, fit in sorted(training | evaluated)
    }
    new = sum(count > 0 for count in needed.values())
    wrong = _store_refusal(plan, store)
    if wrong is not None:
        yield wrong
    if new and (why := unwritable([cache_dir() / "arrays/stamps"], new * FILES_OF_SPLIT)):
        yield ConfigError(
            f"the cache cannot be written: {why}",
            where=str(cache_dir()),
            got=f"splits to be decoded: {new}",
            hint=f"make the folder writable, {MOVE_CACHE}",
        )
    elif wrong is None:
        images = sum(count for split, count in needed.items() if split in evaluated)
        yield from _no_room(plan, store, images)


def _store_refusal(plan: Plan, store: Store) -> ConfigError | None:
    why = unwritable([store.root / part for part in PARTS], least_files(plan))
    if not why:
        return None
    return ConfigError(
        f"cannot write to the store: {why}",
        where=str(store.root),
        hint=f"make the folder writable, {MOVE_STORE}",
    )


def _no_room(plan: Plan, store: Store, images: int) -> Iterator[DatayieldError]:
    """`images`: bytes of the evaluations' images to be decoded."""
    weights = checkpoint_bytes(plan) or 0
    cache, runs = _existing(cache_dir()), _existing(store.root)
    shared = cache.stat().st_dev == runs.stat().st_dev
    if (free := shutil.disk_usage(cache).free) < images:
        yield DataError(
            f"the decoded images need {_size(images)}, and {_size(free)} is free",
            where=str(cache_dir()),
            got=f"images of the evaluations at their sizes: {_size(images)}",
            hint="free some space, or set DATAYIELD_CACHE to a folder on a larger disk",
        )
    needed = weights + (images if shared else 0)
    if weights and (free := shutil.disk_usage(runs).free) < needed:
        also = f" beside {_size(images)} of decoded images" if shared and images else ""
        yield ConfigError(
            f"the checkpoints need {_size(weights)}{also}, and {_size(free)} is free",
            where=str(store.root),
            got=f"checkpoints of {sum(task.share_left > 0 for task in plan.todo)} runs",
            hint="free some space, or choose a folder on a larger disk with --store or "
            "DATAYIELD_STORE",
        )


def unwritable(folders: Iterable[Path], files: int) -> str:
    """Why `files` new files cannot be made in `folders`, as far as reading tells; else nothing."""
    for there in dict.fromkeys(_existing(folder) for folder in folders):
        if not there.is_dir():
            return f"{there} is a file, not a folder"
        if not os.access(there, os.W_OK | os.X_OK):
            return f"{there} is read-only for this user"
        if not hasattr(os, "statvfs"):
            continue
        disk = os.statvfs(there)
        if disk.f_files and disk.f_favail < files:
            return f"at least {files:,} files are needed, and {disk.f_favail:,} are free (inodes)"
        if disk.f_bavail == 0:
            return f"the disk of {there} is full, 0 bytes are free"
    return ""


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    folder = folder.absolute()
    return folder if folder.exists() else next(p for p in folder.parents if p.exists())


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
