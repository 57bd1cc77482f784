"""Sealed records: JSON that says what it is and whose, and proves that it is whole.

The last key of a record is its seal: kind, owner, place, the fields of its model, and a SHA-256
over these and all bytes before it. A reader who knows what a file must be compares two byte
strings: what is truncated, edited, another run's, of another version or no record at all is
treated as missing.
"""

import hashlib
import json
from collections.abc import Callable
from functools import cache
from json.encoder import encode_basestring_ascii as _quoted
from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic import TypeAdapter, ValidationError

from datayield.spec.atomic_files import read_bytes, write_bytes
from datayield.spec.frozen import Frozen

R = TypeVar("R", bound=Frozen)
Fields = TypeVar("Fields")
SEAL_END = 64 + len('"}\n}\n')  # bytes of the checksum and what closes it


class RecordOwner(NamedTuple):
    """What a record is (`spent`), whose (a run's id) and of which part of it, if of one."""

    kind: str
    run: str
    at: str = ""


def write_record(
    path: Path, record: Frozen, owner: RecordOwner, before: Callable[[], None] | None = None
) -> None:
    """Write `record` with its seal, whole or not at all; `before` as in `write_with`."""
    text = json.dumps(record.model_dump(mode="json"), indent=1, sort_keys=True)
    body = text[: text.rindex("\n}")].encode()
    write_bytes(path, body + _seal(body, _head(owner, type(record))), before)


def read_record(path: Path | str, model: type[R], owner: RecordOwner) -> R | None:
    """The record in `path`; None where there is none that is whole and of this owner."""
    body = _body(read_bytes(path), owner, model)
    if body is None:
        return None
    try:
        return model.model_validate_json(body + b"\n}")
    except ValidationError:
        return None  # sealed by a version whose fields had the same names and other types


def read_part(
    path: Path | str, model: type[Frozen], owner: RecordOwner, part: TypeAdapter[Fields]
) -> Fields | None:
    """Some fields of what `read_record` would find: a third of its time, and of its memory."""
    body = _body(read_bytes(path), owner, model)
    if body is None:
        return None
    try:
        return part.validate_json(body + b"\n}")
    except ValidationError:
        return None


def is_whole(path: Path | str, model: type[Frozen], owner: RecordOwner) -> bool:
    """Whether `read_record` would find one, from its bytes alone."""
    return _body(read_bytes(path), owner, model) is not None


def damage(path: Path, model: type[Frozen], owner: RecordOwner) -> str:
    """What is wrong with the file, in a few words; empty if it is whole or not there."""
    if not path.exists() and not path.is_symlink():
        return ""
    data = read_bytes(path)
    if data is None:
        return "not a readable file"
    if _body(data, owner, model) is not None:
        return "" if read_record(path, model, owner) else "written by another version"
    try:
        seal = json.loads(data)["seal"]
        found, fields = RecordOwner(seal["kind"], seal["run"], seal["at"]), seal["fields"]
    except (ValueError, RecursionError):
        return "empty" if not data else "truncated, or not JSON"
    except (TypeError, KeyError, IndexError):
        return "not a record of datayield, or of an earlier version"
    if found != owner:
        return f"the record of another run or milestone ({' '.join(map(str, found)).strip()})"
    if fields != _fields(model):
        return "written by another version"
    return "corrupt: its checksum differs, so it was changed after it was written"


def _seal(body: bytes, head: bytes) -> bytes:
    """The bytes that close a record; their number does not depend on the body."""
    return b'%b%b"}\n}\n' % (head, hashlib.sha256(body + head).hexdigest().encode())


def _head(owner: RecordOwner, model: type[Frozen]) -> bytes:
    """The seal up to its checksum."""
    run, at = _quoted(owner.run), _quoted(owner.at)
    about = f'"kind": {_quoted(owner.kind)}, "run": {run}, "at": {at}, "fields": "{_fields(model)}"'
    return f',\n "seal": {{{about}, "sha256": "'.encode()


def _body(data: bytes | None, owner: RecordOwner, model: type[Frozen]) -> bytes | None:
    """The bytes before the seal, if it is the one that belongs there."""
    if not data:
        return None
    head = _head(owner, model)
    body = data[: -len(head) - SEAL_END]
    return body if data[len(body) :] == _seal(body, head) else None


@cache
def _fields(model: type[Frozen]) -> str:
    """8 hex digits over the names of a model's fields: another version of it has others."""
    return hashlib.sha256(" ".join(sorted(model.model_fields)).encode()).hexdigest()[:8]
