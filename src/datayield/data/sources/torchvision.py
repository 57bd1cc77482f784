"""torchvision's named datasets, downloaded on first use and read without torch afterwards."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from datayield.data.census import Census
from datayield.data.content import Digests, numbered
from datayield.data.source import Labels, Pixels
from datayield.data.sources.files import read_file
from datayield.data.sources.torchvision_names import HIDDEN, SETS
from datayield.data.sources.torchvision_splits import MADE
from datayield.spec.environment import cache_dir
from datayield.spec.errors import DataError
from datayield.spec.identity import digest
from datayield.spec.run import Listing


@dataclass(frozen=True)
class TorchvisionSet:
    """One split. Its name and count are known; it is downloaded when labels or images are needed.

    An index next to torchvision's files records what it holds: paths, or one array of pixels.
    """

    name: str
    split: str
    root: Path = field(default_factory=lambda: cache_dir() / "torchvision")

    def __len__(self) -> int:
        return SETS[self.name].splits[self.split].images

    def listing(self) -> Listing:
        return Listing(digest(["torchvision", self.name, self.split, 1]), len(self))

    @property
    def census(self) -> Census:
        return Census(len(self))

    @property
    def stamp(self) -> str:
        return digest([str(self.root), *self.listing()], 24)

    @property
    def content(self) -> Digests:
        """Of a published set, known before it is downloaded."""
        what = f"torchvision {self.name} {self.split}"
        return numbered(what, np.arange(len(self), dtype=np.int64))

    @property
    def fetched(self) -> bool:
        """Whether it was downloaded and indexed before."""
        return self._beside(".json").exists()

    @cached_property
    def index(self) -> dict[str, Any]:
        """`files` (relative paths; none where pixels are stored), `labels`, `classes`, `more`."""
        if not self.fetched:
            self._fetch()
        index: dict[str, Any] = json.loads(self._beside(".json").read_text())
        return index

    @property
    def labels(self) -> dict[str, Labels]:
        if self.split in HIDDEN:
            return {}
        first, *others = SETS[self.name].names
        columns = {first: self.index["labels"]} | {n: self.index["more"][n] for n in others}
        return {name: np.array(values, np.int64) for name, values in columns.items()}

    @property
    def classes(self) -> dict[str, list[str]]:
        if self.split in HIDDEN:
            return {}
        first, *others = SETS[self.name].names
        numbered = {n: [str(i) for i in range(1 + max(self.index["more"][n]))] for n in others}
        return {first: self.index["classes"], **numbered}

    @property
    def has_masks(self) -> bool:
        return self.name == "OxfordIIITPet"

    def read_mask(self, i: int) -> Pixels:
        """Its trimap: 0 the animal, 1 background, 2 unknown (stored as 1, 2, 3)."""
        from PIL import Image

        image = self.root / str(self.index["files"][i])
        path = image.parents[1] / "annotations" / "trimaps" / f"{image.stem}.png"
        with Image.open(path) as stored:
            values: Pixels = np.asarray(stored) - np.uint8(1)
        return values

    def names(self, i: int) -> str:
        return str(self.index["files"][i]) if self.index["files"] else f"image {i}"

    def read(self, i: int) -> bytes | Pixels:
        if self.index["files"]:
            return read_file(self.root / str(self.index["files"][i]))
        pixels: Pixels = _array(self._beside(".npy"))[i]
        return pixels

    def _beside(self, suffix: str) -> Path:
        return self.root / f"{self.name}-{self.split}{suffix}"

    def _fetch(self) -> None:
        named = SETS[self.name]
        dataset = _downloaded(self.name, self.root, self._arguments())
        files: list[str] = []
        more: dict[str, list[int]] = {}
        if self.name in MADE:
            made = MADE[self.name](dataset, self.split)
            files = [os.path.relpath(path, self.root) for path in made.files]
            labels, more = made.labels[named.names[0]], made.labels
        elif named.files:
            pairs = list(_pairs(self.name)(dataset, self))
            files = [os.path.relpath(path, self.root) for path, _ in pairs]
            labels = [int(label) for _, label in pairs]
        else:
            labels = [int(label) for label in getattr(dataset, named.labels)]
            pixels = _as_nhwc(np.asarray(dataset.data))
            _replace(self._beside(".npy"), lambda part: np.save(part, pixels))
        if len(labels) != len(self):
            raise DataError(
                f"torchvision/{self.name} {self.split} is incomplete",
                where=str(self.root),
                got=f"{len(labels)} images",
                allowed=str(len(self)),
                hint="delete its folder there, so that it is downloaded again",
            )
        words = getattr(dataset, "classes", None) or getattr(dataset, "categories", None)
        classes = [str(name) for name in words or range(max(labels) + 1)]
        told = {"files": files, "labels": labels, "classes": classes, "more": more}
        _replace(self._beside(".json"), lambda part: part.write_text(json.dumps(told)))

    def _arguments(self) -> dict[str, Any]:
        arguments = dict(SETS[self.name].splits[self.split].arguments)
        if SETS[self.name].files and self.name not in ("OxfordIIITPet", *MADE):
            arguments["loader"] = str  # hand over paths instead of decoded images
        return arguments


def _pairs(name: str) -> Callable[[Any, TorchvisionSet], list[tuple[Any, int]]]:
    if name == "OxfordIIITPet":
        return _pets
    return _eurosat if name == "EuroSAT" else lambda dataset, _: [*_each(dataset)]


def _each(dataset: Any) -> list[tuple[Any, int]]:
    return [dataset[i] for i in range(len(dataset))]


def _eurosat(dataset: Any, mine: TorchvisionSet) -> list[tuple[Any, int]]:
    pairs = sorted(_each(dataset))
    order = np.random.Generator(np.random.PCG64(0)).permutation(len(pairs))
    cut = len(pairs) * 4 // 5
    return [pairs[i] for i in (order[:cut] if mine.split == "train" else order[cut:])]


def _pets(_: Any, mine: TorchvisionSet) -> list[tuple[Any, int]]:
    """From the published lists, since this dataset accepts no loader."""
    base = mine.root / "oxford-iiit-pet"
    own = SETS[mine.name].splits[mine.split].arguments["split"]
    lists = ("trainval", "test") if mine.split == "all" else (own,)
    texts = [(base / "annotations" / f"{name}.txt").read_text() for name in lists]
    rows = [line.split() for text in texts for line in text.splitlines()]
    return [(base / "images" / f"{row[0]}.jpg", int(row[1]) - 1) for row in rows]


def _downloaded(name: str, root: Path, arguments: dict[str, Any]) -> Any:
    from torchvision import datasets

    try:
        root.mkdir(parents=True, exist_ok=True)
        return getattr(datasets, name)(root, download=True, **arguments)
    except (OSError, RuntimeError) as error:
        raise DataError(
            f"torchvision/{name} not found and cannot be downloaded: {error}",
            where=str(root),
            hint="run once with internet access and the same DATAYIELD_CACHE, or copy "
            "torchvision's files for it into that folder",
        ) from error


def _as_nhwc(data: Pixels) -> Pixels:
    if data.ndim == 3:
        return np.repeat(data[..., None], 3, axis=3)
    return np.ascontiguousarray(data.transpose(0, 2, 3, 1) if data.shape[1] == 3 else data)


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    part = path.with_name(f"{os.getpid()}-{path.name}")
    write(part)
    part.replace(path)


@lru_cache(maxsize=2)
def _array(path: Path) -> Pixels:
    array: Pixels = np.load(path, mmap_mode="r")
    return array
