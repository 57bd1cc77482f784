"""Which samples a tar shard holds and where their bytes are, from its headers; nothing may be lost.

A sample is the members of one key: the name up to its first dot, as WebDataset splits it. Where
that puts several images together, the last dot is used: `scale_0.10.jpg`, `scale_0.25.jpg`.
"""

import posixpath
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from datayield.data.census import Noted, by_kind
from datayield.data.sources.files import EXTENSIONS, HEIF, image_extensions, type_of
from datayield.spec.errors import DataError

BLOCK = 512
PARTS = ("image", "cls", "json", "txt")  # what is known of a sample
SPAN = np.dtype([("offset", "<i8"), ("size", "<i8")])


class Span(NamedTuple):
    """A member's byte range in its shard; a size of -1 if there is none."""

    offset: int
    size: int


NOWHERE = Span(0, -1)


class ShardIndex(NamedTuple):
    """Samples by part, SPAN [samples], for existing parts; what was not used or was ambiguous."""

    table: dict[str, NDArray[np.void]]
    ignored: dict[str, Noted]
    merged: dict[str, Noted]
    ambiguous: dict[str, Noted]
    nested: bool  # all images lie in folders and have no annotation: an archive of folders


def index_of(path: Path) -> ShardIndex:
    """Read the headers of a shard. Raises DataError if it is truncated or damaged."""
    notes: list[tuple[str, str]] = []
    merged: list[tuple[str, str]] = []
    members: dict[str, Span] = {}
    for name, span in members_of(path):
        if name in members:
            merged.append(("a member is there twice, the last one is used", name))
        members[name] = span
    samples, split_late = _samples(members)
    rows = []
    used, taken = set[str](), set[str]()  # of used samples; read, or counted already
    for parts in samples.values():
        images = [name for part, name in parts.items() if f".{part}" in image_extensions()]
        if not images:
            continue
        image, *others = images
        notes += [("further images of one sample", f"{path.name}/{name}") for name in others]
        names = [image, *(parts.get(part) for part in PARTS[1:])]
        rows.append([NOWHERE if name is None else members[name] for name in names])
        used |= {*parts.values()}
        taken |= {*images, *(parts[part] for part in PARTS[1:] if part in parts)}
    for name in members:
        kind = type_of(name)
        if _is_image(name.rpartition(".")[2]) and name not in taken:
            kind = "further images of one sample"
        if name not in taken:
            notes.append((kind, f"{path.name}/{name}"))
    columns = {
        part: np.array([tuple(row[i]) for row in rows], SPAN) for i, part in enumerate(PARTS)
    }
    table = {k: v for k, v in columns.items() if k == "image" or (v["size"] >= 0).any()}
    late = by_kind(
        ("names with several dots are images of their own (key up to the last dot)", n)
        for n in split_late
    )
    nested = set(table) == {"image"} and all("/" in _clean(n) for n in used)
    return ShardIndex(table, by_kind(notes), by_kind(merged), late, nested)


def key_at(path: Path, span: Span) -> str:
    """The key of the sample whose image is at `span`: looked up for messages."""
    members = dict(members_of(path))
    for key, parts in _samples(members)[0].items():
        if any(members[name] == span for name in parts.values()):
            return key
    return f"at byte {span.offset}"


def _samples(members: dict[str, Span]) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Key -> extension -> member; and the members whose key reaches to their last dot."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in members:
        clean = _clean(name)
        folder, _, file = clean.rpartition("/")
        stem, _, rest = file.partition(".")
        if stem:
            groups.setdefault(f"{folder}/{stem}".lstrip("/"), []).append((rest, name))
    samples: dict[str, dict[str, str]] = {}
    late: list[str] = []
    for key, parts in groups.items():
        plain = any("." not in rest and _is_image(rest) for rest, _ in parts)
        for rest, name in parts:
            middle, dot, last = rest.rpartition(".")
            # a.seg.png belongs to a.jpg; scale_0.10.jpg is an image of its own
            own = bool(dot) and (not plain or middle.replace(".", "").isdigit())
            if own and _is_image(last):
                late.append(name)
            at = (f"{key}.{middle}", last.lower()) if own else (key, rest.lower())
            samples.setdefault(at[0], {})[at[1]] = name
    return samples, late


def _is_image(extension: str) -> bool:
    return f".{extension.lower()}" in EXTENSIONS | HEIF


def _clean(name: str) -> str:
    return name.removeprefix("./").lstrip("/")


def members_of(path: Path) -> Iterator[tuple[str, Span]]:
    """Name and byte range of each file in a tar file.

    Raises DataError unless it ends as an archive should, so that no member is lost in silence.
    """
    try:
        with tarfile.open(path, "r:") as tar:
            spans: dict[str, Span] = {}  # links need them
            for member in tar:
                hidden = member.name.rpartition("/")[2].startswith(".") or "__MACOSX" in member.name
                if hidden or not (member.isfile() or member.islnk() or member.issym()):
                    continue
                if member.isfile() and member.sparse is not None:
                    raise _damaged(path, f"member {member.name} is a sparse file")
                span = Span(member.offset_data, member.size)
                if not member.isfile():  # of an unknown target: an empty image, later skipped
                    above = posixpath.dirname(member.name) if member.issym() else ""
                    target = posixpath.normpath(posixpath.join(above, member.linkname))
                    span = spans.get(_clean(target), Span(member.offset_data, 0))
                spans[_clean(member.name)] = span
                yield member.name, span
            _check_end(path, tar.offset)
    except (tarfile.TarError, OSError, ValueError, EOFError) as error:
        raise _damaged(path, str(error)) from error


def _check_end(path: Path, offset: int) -> None:
    """After the last member: zeros to the end of the file, as tar writes them."""
    with path.open("rb") as file:
        file.seek(offset)
        head = file.read(BLOCK)
        if len(head) < BLOCK:
            raise _damaged(path, "it ends before the end of the archive: it is truncated")
        if head.strip(b"\0"):
            raise _damaged(path, f"no valid header at byte {offset:,}: it is corrupt from there on")
        while block := file.read(1 << 20):
            if block.strip(b"\0"):
                raise _damaged(path, "more data follow the end of the archive (are two joined?)")


def _damaged(path: Path, why: str) -> DataError:
    return DataError(
        f"not a readable tar file, truncated or damaged: {why}",
        where=str(path),
        got=f"{path.stat().st_size:,} bytes" if path.exists() else "no file",
        hint="download or write it again; joined archives: use tar --concatenate",
    )
