"""WebDataset shards: plain .tar files whose members share a key, such as 00017.jpg, 00017.cls."""

import json
import re
import tarfile
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from datayield.data.source import Labels
from datayield.data.sources.folder import EXTENSIONS
from datayield.data.splits import KNOWN
from datayield.spec.errors import DataError
from datayield.spec.identity import digest
from datayield.spec.run import Listing


class Span(NamedTuple):
    """A member's byte range in its shard; a size of -1 if there is none."""

    offset: int
    size: int


NOWHERE = Span(0, -1)
PARTS = ("image", "cls", "json")  # what is known of a sample
SPAN = np.dtype([("offset", "<i8"), ("size", "<i4")])  # 12 bytes per part of a sample


def splits(root: Path) -> dict[str, list[Path]]:
    """Split -> shards in order: `train/*.tar`, else `train-000000.tar`, else all are `train`."""
    shards: dict[str, list[Path]] = {}
    for path in sorted([*root.glob("*.tar"), *root.glob("*/*.tar")]):
        name = (
            re.split(r"[^a-z]", path.stem.lower())[0] if path.parent == root else path.parent.name
        )
        if path.parent == root or name.lower() in KNOWN:
            shards.setdefault(name.lower() if name.lower() in KNOWN else "train", []).append(path)
    return shards


@dataclass(frozen=True)
class WebDataset:
    """Samples of `shards`, in stored order. Samples without an image are ignored.

    Labels: `.cls` (a number) gives `label`; integers in `.json` give labels under their keys, and
    a string `label` in `.json` gives classes. Every sample must have the label.
    """

    shards: tuple[Path, ...]

    @cached_property
    def _tables(self) -> "tuple[dict[str, NDArray[np.void]], ...]":
        """Byte ranges of samples by shard and part, from the tar headers only."""
        return tuple(_table(path) for path in self.shards)

    @cached_property
    def _starts(self) -> Labels:
        """The index of each shard's first sample, followed by the number of samples."""
        return np.cumsum([0, *(len(table["image"]) for table in self._tables)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def listing(self) -> Listing:
        return Listing(digest([[p.name, p.stat().st_size] for p in self.shards]), len(self))

    @cached_property
    def stamp(self) -> str:
        info = [(str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in self.shards]
        return digest(info, 24)

    @cached_property
    def _annotations(self) -> dict[str, tuple[list[str], Labels]]:
        """Label -> its sorted names and each sample's class, for labels that all samples have.

        A label has one type in all samples. Numbers are their own names.
        """
        columns: dict[tuple[str, type], array[int]] = {}
        texts: dict[str, dict[str, int]] = {}  # label -> text -> number, in order of appearance
        for i in range(len(self)):
            row = self._row(i)
            if i == 0:
                columns = {(name, type(value)): array("q") for name, value in row.items()}
            columns = {k: v for k, v in columns.items() if type(row.get(k[0])) is k[1]}
            if not columns:
                return {}
            for (name, _), column in columns.items():
                value = row[name]
                if isinstance(value, str):
                    seen = texts.setdefault(name, {})
                    value = seen.setdefault(value, len(seen))
                column.append(value)
        numbered = {}
        for (name, kind), column in sorted(columns.items(), key=str):
            values = np.frombuffer(column, np.int64)
            if kind is str:
                names = sorted(texts[name])
                place = {text: i for i, text in enumerate(names)}
                numbered[name] = names, np.array([place[text] for text in texts[name]])[values]
            else:
                numbered[name] = [str(i) for i in range(int(values.max()) + 1)], values
        return numbered

    @cached_property
    def classes(self) -> dict[str, list[str]]:
        return {name: names for name, (names, _) in self._annotations.items()}

    @cached_property
    def labels(self) -> dict[str, Labels]:
        return {name: values for name, (_, values) in self._annotations.items()}

    def names(self, i: int) -> str:
        shard, span = self._where(i, "image")
        return f"{shard.name}/{_key(shard, span)}"

    def read(self, i: int) -> bytes:
        return self._bytes(i, "image")

    def _where(self, i: int, part: str) -> tuple[Path, Span]:
        shard = int(np.searchsorted(self._starts, i, side="right")) - 1
        spans = self._tables[shard].get(part)
        span = NOWHERE if spans is None else Span(*spans[i - int(self._starts[shard])].item())
        return self.shards[shard], span

    def _bytes(self, i: int, part: str) -> bytes:
        shard, span = self._where(i, part)
        if span.size <= 0:
            return b""
        with shard.open("rb") as file:
            file.seek(span.offset)
            return file.read(span.size)

    def _row(self, i: int) -> dict[str, int | str]:
        row: dict[str, int | str] = {}
        try:
            if self._where(i, "json")[1].size >= 0:
                told = json.loads(self._bytes(i, "json"))
                row |= {k: v for k, v in told.items() if type(v) is int and v >= 0}
                if isinstance(told.get("label"), str):
                    row["label"] = told["label"]
            if self._where(i, "cls")[1].size >= 0:
                row["label"] = int(self._bytes(i, "cls"))
        except (ValueError, AttributeError) as error:
            shard, span = self._where(i, "image")
            raise DataError(
                f"unreadable annotation: {error}",
                where=f"{shard}, sample {_key(shard, span)}",
                allowed=".cls must hold one number, .json one mapping",
            ) from error
        return row


def _table(path: Path) -> "dict[str, NDArray[np.void]]":
    """Part -> SPAN [samples], for existing parts; names are dropped after each shard."""
    parts: dict[str, dict[str, Span]] = {}
    for name, span in _members(path):
        key, extension = _split(name)
        if key:
            parts.setdefault(key, {})[extension] = span
    rows = []
    for members in parts.values():
        images = [e for e in members if f".{e.rpartition('.')[2]}" in EXTENSIONS]
        if images:
            others = (members.get(part, NOWHERE) for part in PARTS[1:])
            rows.append((members[images[0]], *others))
    columns = {part: np.array([row[i] for row in rows], SPAN) for i, part in enumerate(PARTS)}
    return {k: v for k, v in columns.items() if k == "image" or (v["size"] >= 0).any()}


def _key(path: Path, span: Span) -> str:
    """The key of the sample whose image is at `span`: looked up for messages."""
    keys = (_split(name)[0] for name, other in _members(path) if other == span)
    return next(keys, f"at byte {span.offset}")


def _split(name: str) -> tuple[str, str]:
    """Key (with its folder) and extension of a member; no key if the name has none."""
    folder, _, file = name.rpartition("/")
    key, _, extension = file.partition(".")
    return (f"{folder}/{key}".lstrip("./") if key else ""), extension.lower()


def _members(path: Path) -> Iterator[tuple[str, Span]]:
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                if member.isfile():
                    yield member.name, Span(member.offset_data, member.size)
    except tarfile.TarError as error:
        raise DataError(f"not a readable tar file: {error}", where=str(path)) from error
