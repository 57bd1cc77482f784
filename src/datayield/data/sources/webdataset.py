"""WebDataset shards: tar files whose members share a key, such as 00017.jpg, 00017.cls."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from datayield.data.census import NONE, PLAIN, Census, Noted, together
from datayield.data.content import key_of
from datayield.data.source import Labels
from datayield.data.sources.files import File, Keys, file_at, keys_within
from datayield.data.sources.label_columns import Column, column_of, is_label
from datayield.data.sources.row_files import classes_in, labels_in, stamp_of
from datayield.data.sources.shards import notes
from datayield.data.sources.tar_index import NOWHERE, ShardIndex, Span, index_of, key_at
from datayield.spec.errors import DataError
from datayield.spec.identity import digest
from datayield.spec.run import Listing

__all__ = ["WebDataset"]


@dataclass(frozen=True)
class WebDataset:
    """Samples of `shards`, in stored order. Samples without an image are ignored.

    Labels: `.cls` (a number, or a name) gives `label`; integers in `.json` give labels under their
    keys, and texts and truth values under the names of label columns (`label`, `class`, ...).
    More than half of the samples must have a label for it to count. `beside` speaks of the
    dataset's other files.
    """

    shards: tuple[Path, ...]
    beside: Census = PLAIN

    @cached_property
    def _files(self) -> tuple[File, ...]:
        return tuple(file_at(path) for path in self.shards)

    @cached_property
    def _indices(self) -> tuple[ShardIndex, ...]:
        """Byte ranges of samples by shard and part, from the tar headers only."""
        return tuple(index_of(path) for path in self.shards)

    @cached_property
    def _starts(self) -> Labels:
        """The index of each shard's first sample, followed by the number of samples."""
        return np.cumsum([0, *(len(index.table["image"]) for index in self._indices)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def listing(self) -> Listing:
        return Listing(digest([[f.name, f.size] for f in self._files]), len(self))

    @cached_property
    def stamp(self) -> str:
        return stamp_of(self.shards)

    @cached_property
    def keys(self) -> Keys:
        """A hash of each image's shard (name, size, time, inode) and place in it: [N]."""
        parts = [
            keys_within(key_of(*file), index.table["image"]["offset"])
            for file, index in zip(self._files, self._indices, strict=True)
        ]
        return np.concatenate(parts) if parts else np.zeros(0, np.uint64)

    @cached_property
    def census(self) -> Census:
        merged, ambiguous = notes(self._files)
        each = self._indices
        return Census(
            len(self),
            skipped=self.beside.skipped,
            ignored=together(*(index.ignored for index in each), self.beside.ignored),
            merged=together(merged, *(index.merged for index in each), self.beside.merged),
            unlabelled=self._without_annotation,
            ambiguous=together(
                ambiguous, *(index.ambiguous for index in each), self.beside.ambiguous
            ),
        )

    @property
    def _without_annotation(self) -> Noted:
        """Samples with neither .cls nor .json, where other samples have one."""
        told = []
        for index in self._indices:
            has = np.zeros(len(index.table["image"]), bool)
            for part in ("cls", "json"):
                if part in index.table:
                    has |= index.table[part]["size"] >= 0
            told.append(has)
        has = np.concatenate(told) if told else np.zeros(0, bool)
        if not has.any() or has.all():
            return NONE
        missing = np.flatnonzero(~has)
        return Noted(len(missing), tuple(self.names(int(i)) for i in missing[:3]))

    @cached_property
    def _columns(self) -> dict[str, Column]:
        """Label -> its classes, for labels that more than half of the samples have."""
        if not any({"cls", "json"} & set(index.table) for index in self._indices):
            return {}
        values: dict[str, list[object]] = {}
        for i in range(len(self)):
            for name, value in self._row(i).items():
                if name not in values:
                    values[name] = [None] * len(self)
                values[name][i] = value
        columns = {name: column_of(of, where=name) for name, of in sorted(values.items())}
        return {name: column for name, column in columns.items() if column is not None}

    @property
    def classes(self) -> dict[str, list[str]]:
        return classes_in(self._columns)

    @property
    def labels(self) -> dict[str, Labels]:
        return labels_in(self._columns)

    @property
    def group_columns(self) -> list[str]:
        """The keys of the first sample's .json that hold a number or a text."""
        told = self._json(0) if len(self) else {}
        return [key for key, value in told.items() if isinstance(value, str | int | float)]

    def groups(self, column: str) -> list[object]:
        return [self._json(i).get(column) for i in range(len(self))]

    def names(self, i: int) -> str:
        shard, span = self._where(i, "image")
        return f"{shard.name}/{key_at(shard, span)}"

    def read(self, i: int) -> bytes:
        return self._bytes(i, "image")

    def _where(self, i: int, part: str) -> tuple[Path, Span]:
        shard = int(np.searchsorted(self._starts, i, side="right")) - 1
        spans = self._indices[shard].table.get(part)
        span = NOWHERE if spans is None else Span(*spans[i - int(self._starts[shard])].item())
        return self.shards[shard], span

    def _bytes(self, i: int, part: str) -> bytes:
        shard, span = self._where(i, part)
        if span.size <= 0:
            return b""
        with shard.open("rb") as file:
            file.seek(span.offset)
            return file.read(span.size)

    def _json(self, i: int) -> dict[str, object]:
        """The annotation of sample `i` in .json; {} without one, and for one that is unreadable."""
        try:
            told = json.loads(self._bytes(i, "json") or b"{}")
        except (ValueError, RecursionError):
            return {}
        return told if isinstance(told, dict) else {}

    def _row(self, i: int) -> dict[str, object]:
        """The values that may be labels of sample `i`."""
        row: dict[str, object] = {}
        try:
            if self._where(i, "json")[1].size >= 0:
                row |= _labels_of(json.loads(self._bytes(i, "json")))
            if self._where(i, "cls")[1].size >= 0:
                text = self._bytes(i, "cls").decode("utf-8").strip()
                row["label"] = _class_of(text)
        except (ValueError, AttributeError, RecursionError) as error:
            shard, span = self._where(i, "image")
            raise DataError(
                f"unreadable annotation: {error}",
                where=f"{shard}, sample {key_at(shard, span)}",
                allowed=".cls must hold one number or name, .json one mapping",
            ) from error
        return row


def _labels_of(told: dict[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in told.items():
        if (is_label(key) and isinstance(value, str | bool | int)) or type(value) is int:
            found[key] = value
    lone = [key for key in found if is_label(key)]
    if "label" not in found and len(lone) == 1:
        found["label"] = found[lone[0]]
    return found


def _class_of(text: str) -> object:
    if not text or len(text.splitlines()) != 1 or len(text) > 200:
        raise ValueError("a class is one number or one name")
    return int(text) if text.lstrip("+-").isdigit() else text


def lone_archive(shards: Sequence[Path]) -> bool:
    """Whether a single tar file holds folders of images instead of samples with annotations."""
    return len(shards) == 1 and index_of(shards[0]).nested
