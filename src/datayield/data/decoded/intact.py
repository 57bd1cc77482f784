"""Whether decoded arrays are still what was written: by their digest, read only when touched."""

import json
import shutil
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from datayield.data.decoded.array_files import content_digest
from datayield.data.source import Labels
from datayield.spec.atomic_files import read_json, write_json
from datayield.spec.errors import StoreError
from datayield.spec.identity import digest

STATES = "verified.json"  # file of pixels -> its state when its digest was last found right


def sealed(meta: dict[str, Any]) -> dict[str, Any]:
    """`meta` with a digest of itself."""
    return meta | {"check": digest(meta)}


def unsealed(meta: Any) -> dict[str, Any]:
    """What `sealed` was given. Raises ValueError where it was changed since."""
    if not isinstance(meta, dict) or meta.pop("check", None) != digest(meta):
        raise ValueError("changed since it was written")
    return meta


def labels_in(folder: Path) -> dict[str, Labels]:
    """The labels beside the pixels. Raises OSError, ValueError, BadZipFile or zlib.error."""
    with (folder / "labels.npz").open("rb") as file, np.load(file) as stored:  # closed if damaged
        return {name.removeprefix("labels/"): stored[name] for name in stored.files}


def is_intact(folder: Path, meta: dict[str, Any]) -> bool:
    """Whether `folder` holds the pixels, masks and labels that `meta` describes, unchanged.

    The pixels are read only where a file's size, times or inode are not those of the last time.
    """
    files, size = _pixel_files(folder, meta), meta["size"]
    try:
        labels = labels_in(folder)
        if content_digest([], labels, size) != meta["labels"]:
            return False
        if any(path.stat().st_size != number for path, number in files.items()):
            return False
        states = {path.name: _state(path) for path in files}
        if not files or read_json(folder / STATES) == states:
            return True
        if content_digest(list(files), labels, size) != meta["digest"]:
            return False
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile, zlib.error):
        return False
    with suppress(OSError, StoreError):  # a full or read-only cache costs reading them again
        write_json(folder / STATES, states)
    return True


def is_damaged(root: Path, stamp: Path) -> bool:
    """Whether something was decoded before, is still there, and is not what was written."""
    if not stamp.exists():
        return False
    try:
        meta = unsealed(json.loads(stamp.read_text()))
        folder = root / meta["digest"]
        return folder.exists() and not is_intact(folder, meta)
    except (OSError, ValueError, KeyError, TypeError):
        return True


def move_into_place(building: Path, folder: Path, meta: dict[str, Any]) -> None:
    """Move into place atomically, over what is damaged. If another process was first, its copy
    is kept.
    """
    if folder.exists() and not is_intact(folder, meta):
        shutil.rmtree(folder, ignore_errors=True)
    try:
        building.rename(folder)
    except OSError:
        if not is_intact(folder, meta):
            raise


def remember_state(folder: Path, meta: dict[str, Any]) -> None:
    """Keep that the pixels, just written and digested, are right as they are now."""
    states = {path.name: _state(path) for path in _pixel_files(folder, meta)}
    write_json(folder / STATES, states)


def _pixel_files(folder: Path, meta: dict[str, Any]) -> dict[Path, int]:
    """The files of pixels, and their bytes."""
    channels = {"images.u8": 3} if meta.get("pixels", True) else {}
    channels |= {"masks.u8": 1} if meta.get("masks") else {}
    pixels = meta["kept"] * meta["size"] ** 2
    return {folder / name: pixels * number for name, number in channels.items()}


def _state(path: Path) -> list[int]:
    info = path.stat()
    return [info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino]
