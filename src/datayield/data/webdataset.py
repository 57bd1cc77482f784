"""WebDataset shards: plain .tar files whose members share a key, such as 00017.jpg, 00017.cls."""

import json
import re
import tarfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from datayield.data.folder import EXTENSIONS
from datayield.data.source import Labels
from datayield.data.splits import KNOWN
from datayield.spec.errors import DataError
from datayield.spec.identity import digest
from datayield.spec.listing import Listing


class Span(NamedTuple):
    """Where a member's bytes lie in shard number `shard`."""

    shard: int
    offset: int
    size: int


class Sample(NamedTuple):
    """One image and its annotations."""

    key: str
    image: Span
    cls: Span | None
    json: Span | None


def splits(root: Path) -> dict[str, list[Path]]:
    """Split -> shards in order: `train/*.tar`, else `train-000000.tar`, else all are `train`."""
    found: dict[str, list[Path]] = {}
    for path in sorted([*root.glob("*.tar"), *root.glob("*/*.tar")]):
        name = (
            re.split(r"[^a-z]", path.stem.lower())[0] if path.parent == root else path.parent.name
        )
        if path.parent == root or name.lower() in KNOWN:
            found.setdefault(name.lower() if name.lower() in KNOWN else "train", []).append(path)
    return found


@dataclass(frozen=True)
class WebDataset:
    """Samples of `shards`, in the order in which they are stored. Samples without image are none.

    Labels: `.cls` (a number) gives `label`; integers in `.json` give labels of their own names,
    and a text in `.json` called `label` gives classes. A label must be there for every sample.
    """

    shards: tuple[Path, ...]

    @cached_property
    def samples(self) -> tuple[Sample, ...]:
        """From the headers of the tar members alone."""
        return tuple(s for n, path in enumerate(self.shards) for s in _samples(n, path))

    def __len__(self) -> int:
        return len(self.samples)

    def listing(self) -> Listing:
        return Listing(digest([[p.name, p.stat().st_size] for p in self.shards]), len(self))

    @cached_property
    def stamp(self) -> str:
        info = [(str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in self.shards]
        return digest(info, 24)

    @cached_property
    def _annotations(self) -> dict[str, list[Any]]:
        """Label -> one value per sample, for labels that every sample has, in one type."""
        rows = [self._row(sample) for sample in self.samples]
        common = set.intersection(*({(k, type(v)) for k, v in row.items()} for row in rows))
        return {name: [row[name] for row in rows] for name, _ in sorted(common, key=str)}

    @cached_property
    def classes(self) -> dict[str, list[str]]:
        return {
            name: sorted(set(values))
            if isinstance(values[0], str)
            else [str(i) for i in range(max(values) + 1)]
            for name, values in self._annotations.items()
        }

    @cached_property
    def labels(self) -> dict[str, Labels]:
        return {
            name: np.array(
                [self.classes[name].index(v) if isinstance(v, str) else v for v in values], np.int64
            )
            for name, values in self._annotations.items()
        }

    def names(self, i: int) -> str:
        sample = self.samples[i]
        return f"{self.shards[sample.image.shard].name}/{sample.key}"

    def read(self, i: int) -> bytes:
        return self._bytes(self.samples[i].image)

    def _bytes(self, span: Span) -> bytes:
        with self.shards[span.shard].open("rb") as file:
            file.seek(span.offset)
            return file.read(span.size)

    def _row(self, sample: Sample) -> dict[str, int | str]:
        row: dict[str, int | str] = {}
        try:
            if sample.json:
                told = json.loads(self._bytes(sample.json))
                row |= {k: v for k, v in told.items() if type(v) is int and v >= 0}
                if isinstance(told.get("label"), str):
                    row["label"] = told["label"]
            if sample.cls:
                row["label"] = int(self._bytes(sample.cls))
        except (ValueError, AttributeError) as error:
            raise DataError(
                f"an annotation that cannot be read: {error}",
                where=f"{self.shards[sample.image.shard]}, sample {sample.key}",
                allowed=".cls holds one number, .json one mapping",
            ) from error
        return row


def _samples(number: int, path: Path) -> list[Sample]:
    parts: dict[str, dict[str, Span]] = {}
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                folder, _, name = member.name.rpartition("/")
                key, _, extension = name.partition(".")
                if member.isfile() and key:
                    span = Span(number, member.offset_data, member.size)
                    parts.setdefault(f"{folder}/{key}".lstrip("./"), {})[extension.lower()] = span
    except tarfile.TarError as error:
        raise DataError(f"not a readable tar file: {error}", where=str(path)) from error
    found = []
    for key, members in parts.items():
        images = [e for e in members if f".{e.rpartition('.')[2]}" in EXTENSIONS]
        if images:
            image = members[images[0]]
            found.append(Sample(key, image, members.get("cls"), members.get("json")))
    return found
