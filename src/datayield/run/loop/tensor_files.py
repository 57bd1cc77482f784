"""Files of tensors: each says what it is and whose, and proves that it is whole.

They are ordinary torch files of one dictionary. `kind`, `run` and what else names the owner stand
in it, and `seal`: a SHA-256 over names, shapes and bytes of all the rest, since torch itself reads
flipped bits without a word. A ResNet-18 checkpoint (47 MB) takes 30 ms to seal or to check.
"""

import copy
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from datayield.spec.errors import BusyError, DamagedFileError, StoreError
from datayield.store.folders import RunFolder

CHECKPOINT, STATE, TRUNK = "checkpoint", "state", "trunk"  # kinds of files


def write_tensors(folder: RunFolder, path: Path, kind: str, content: dict[str, Any]) -> None:
    """Write `content` with its seal, if the run is still held. Raises StoreError, BusyError."""
    told = _without_neighbours(content | {"kind": kind})
    told["seal"] = content_digest(told)
    size = sum(t.numel() * t.element_size() for t in _tensors(content))
    folder.write(path, lambda file: torch.save(told, file), size)


def write_trunk_state(folder: RunFolder, path: Path, content: dict[str, Any]) -> None:
    """`write_tensors` of a state for other runs, whose folder another process may just remove."""
    for last in (False, True):
        try:
            write_tensors(folder, path, TRUNK, content)
            return
        except BusyError:
            raise
        except StoreError:
            if last or path.parent.is_dir():
                raise


def read_tensors(path: Path, device: torch.device, kind: str, **owner: object) -> dict[str, Any]:
    """The content of a file of this kind and owner, its tensors on `device`.

    `owner`: what the file must say of itself, such as `run` and `share`. Raises StoreError if
    there is no file, and DamagedFileError if it is damaged or another one's.
    """
    try:
        loaded = torch.load(path, map_location=device, weights_only=True)
    except FileNotFoundError:
        raise StoreError(
            "checkpoint not found", where=str(path), hint="datayield run recreates it"
        ) from None
    except Exception as error:  # a damaged archive or pickle can raise nearly everything
        raise _damaged(path, str(error) or type(error).__name__) from error
    if not isinstance(loaded, dict):
        raise _damaged(path, f"{type(loaded).__name__} instead of a dictionary")
    for name, wanted in {"kind": kind, **owner}.items():
        if loaded.get(name) != wanted:
            raise _damaged(path, f"{name} {loaded.get(name)!r} instead of {wanted!r}")
    seal = loaded.pop("seal", None)
    if seal != content_digest(loaded):
        raise _damaged(path, "its checksum differs: the file was changed after it was written")
    return loaded


def content_digest(value: object) -> str:
    """SHA-256 over tensors (type, shape, bytes), dictionaries, sequences and plain values."""
    sha = hashlib.sha256()
    _update(sha, value)
    return sha.hexdigest()


def _update(sha: "hashlib._Hash", value: object) -> None:
    if isinstance(value, Tensor):
        tensor = value.detach().cpu().contiguous()
        sha.update(f"{tuple(tensor.shape)}{tensor.dtype}".encode())
        sha.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    elif isinstance(value, Mapping):
        sha.update(f"{{{len(value)}".encode())
        for key in value:
            sha.update(f"{key!r}:".encode())
            _update(sha, value[key])
    elif isinstance(value, list | tuple):
        sha.update(f"[{len(value)}".encode())
        for item in value:
            _update(sha, item)
    else:
        sha.update(f"{value!r};".encode())


def _without_neighbours(value: Any) -> Any:
    """The same, with copies of tensors that are parts of larger ones, as in a stack.

    torch would save all of the larger one, whose other parts are of other runs.
    """
    if isinstance(value, Tensor):
        whole = value.untyped_storage().nbytes() == value.numel() * value.element_size()
        return value if whole else value.detach().clone()
    if isinstance(value, dict):
        changed = copy.copy(value)  # with the versions that torch attaches to a state_dict
        changed.update((key, _without_neighbours(item)) for key, item in value.items())
        return changed
    if isinstance(value, list | tuple):
        return type(value)(_without_neighbours(item) for item in value)
    return value


def _tensors(value: object) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _tensors(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _tensors(item)


def _damaged(path: Path, why: str) -> DamagedFileError:
    return DamagedFileError(
        "a checkpoint cannot be read",
        where=str(path),
        got=why.splitlines()[0],
        hint="run the same command again: what is damaged is kept aside, and made again",
    )
