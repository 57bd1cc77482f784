"""Arrays of pixels in one .npz file: MedMNIST's train_images, keras' x_train, images and labels."""

import zipfile
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from datayield.data.census import PLAIN, Census, by_kind
from datayield.data.source import WHITES, Labels, Pixels
from datayield.data.sources.archives import unpacked_member
from datayield.data.sources.files import File, Keys, file_at
from datayield.data.sources.label_columns import Column, column_of
from datayield.data.sources.row_files import (
    classes_in,
    keys_of_rows,
    labels_in,
    listing_of,
    stamp_of,
    unlabelled,
)
from datayield.data.splits import MEANING, words_of
from datayield.spec.errors import DataError
from datayield.spec.run import Listing

IMAGE_WORDS = frozenset({"images", "image", "imgs", "img", "x", "data", "pixels", "arr"})
BLOCK = 64 << 20  # bytes of an array that are read at once
LABEL_WORDS = frozenset({"labels", "label", "y", "target", "targets", "classes", "class"})


class NpzMembers(NamedTuple):
    """The names of a split's arrays; no labels: None."""

    images: str
    labels: str | None


def splits(path: Path) -> dict[str, NpzMembers]:
    """Split -> its arrays, by their names. Raises DataError if there is no array of images."""
    headers = {name: _header(path, name) for name in _members(path)}
    images: dict[str, str] = {}
    labels: dict[str, str] = {}
    for name in headers:
        split, kind = _meaning(name)
        if kind == "images" and _is_images(headers[name][0]):
            if split in images:
                raise DataError(
                    f"two arrays of images for split {split!r}",
                    where=str(path),
                    got=f"{images[split]} and {name}",
                    hint="keep one of them in the file",
                )
            images[split] = name
        elif kind == "labels":
            labels[split] = name
    if not images:
        only = [name for name, (shape, _) in headers.items() if _is_images(shape)]
        if len(only) != 1:
            raise DataError(
                "no array of images",
                where=str(path),
                got=", ".join(f"{name} {shape}" for name, (shape, _) in headers.items()),
                allowed="images, or train_images and test_images, or x_train and x_test, of shape "
                "[N, H, W], [N, H, W, 3] or [N, 3, H, W]",
            )
        images["train"] = only[0]
    for split, name in images.items():
        told = labels.get(split)
        if told is not None and headers[told][0][:1] != headers[name][0][:1]:
            raise DataError(
                "images and labels differ in number",
                where=str(path),
                got=f"{name} {headers[name][0]}, {told} {headers[told][0]}",
            )
    return {split: NpzMembers(name, labels.get(split)) for split, name in images.items()}


@dataclass(frozen=True)
class Npz:
    """One split of a file of arrays: images [N, H, W], [N, H, W, C] or [N, C, H, W]."""

    path: Path
    members: NpzMembers
    beside: Census = PLAIN

    @cached_property
    def _images(self) -> "np.ndarray[Any, Any]":
        return _array(self.path, self.members.images)

    def __len__(self) -> int:
        return int(_header(self.path, self.members.images)[0][0])

    def listing(self) -> Listing:
        return listing_of([self.path], len(self), list(self.members))

    @cached_property
    def stamp(self) -> str:
        return stamp_of([self.path], "npz", list(self.members))

    @cached_property
    def keys(self) -> Keys:
        """A hash of the file (name, size, time, inode), the array and each row in it: [N]."""
        return keys_of_rows([(self.path, len(self))], self.members.images)

    @cached_property
    def census(self) -> Census:
        others = set(_members(self.path))
        for each in splits(self.path).values():
            others -= {each.images, each.labels or ""}
        ignored = by_kind(("other arrays", name) for name in sorted(others))
        ambiguous = dict(self.beside.ambiguous)
        if self.members.labels and not self._columns:
            what = f"{self.members.labels} is not one class per image: not used as labels"
            ambiguous |= by_kind([(what, self.members.labels)])
        return self.beside._replace(
            used=len(self),
            ignored={**ignored, **self.beside.ignored},
            unlabelled=unlabelled(self._columns),
            ambiguous=ambiguous,
        )

    @cached_property
    def _columns(self) -> dict[str, Column]:
        if self.members.labels is None:
            return {}
        values = _array(self.path, self.members.labels)
        if values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        elif values.ndim == 2 and np.isin(values, (0, 1)).all() and (values.sum(axis=1) == 1).all():
            values = values.argmax(axis=1)  # one-hot
        if values.ndim != 1:
            return {}
        column = column_of(values.tolist(), where=f"{self.path}, {self.members.labels}")
        return {} if column is None else {"label": column}

    @property
    def labels(self) -> dict[str, Labels]:
        return labels_in(self._columns)

    @property
    def classes(self) -> dict[str, list[str]]:
        return classes_in(self._columns)

    def names(self, i: int) -> str:
        return f"{self.path.name}, {self.members.images}[{i}]"

    def read(self, i: int) -> Pixels:
        """Pixels [H, W, 3]. Raises OSError for values that are no image."""
        image = np.asarray(self._images[i])
        if len(self._images.shape) == 4 and self._images.shape[3] not in (1, 3, 4):
            image = image.transpose(1, 2, 0)
        return _as_rgb(_as_bytes(image, self._white))

    @cached_property
    def _white(self) -> int:
        """The value that becomes 255, the same for all images of the file of one kind of number."""
        names = {self.members.images, *(each.images for each in splits(self.path).values())}
        kind = self._images.dtype.kind
        return max(
            _white_of(self.path, name)
            for name in names
            if _array(self.path, name).dtype.kind == kind
        )


def _meaning(name: str) -> tuple[str, str]:
    """The split and the kind (images, labels, or "") of an array by the words of its name."""
    words = words_of(name)
    split = next((MEANING[word] for word in words if word in MEANING), "train")
    if LABEL_WORDS & {*words}:
        return split, "labels"
    return split, "images" if IMAGE_WORDS & {*words} else ""


def _is_images(shape: tuple[int, ...]) -> bool:
    if len(shape) == 3:
        return True
    return len(shape) == 4 and (shape[3] in (1, 3, 4) or shape[1] in (1, 3))


@lru_cache(maxsize=64)
def _white_of(path: Path, name: str) -> int:
    """The end of the smallest usual range that holds an array: 1 (of fractions), 255, ... 65535."""
    array = _array(path, name)
    if array.dtype == np.uint8 or array.dtype.kind not in "iuf":
        return 255
    rows = max(1, BLOCK // max(1, array[:1].nbytes))
    high = 0.0
    for start in range(0, len(array), rows):
        block = array[start : start + rows]
        high = max(high, float(block[np.isfinite(block)].max(initial=0)))
    ranges = (1, 255) if array.dtype.kind == "f" else WHITES
    return next((white for white in ranges if white >= high), ranges[-1])


def _as_bytes(pixels: "np.ndarray[Any, Any]", white: int) -> Pixels:
    if pixels.dtype == bool:
        return pixels.astype(np.uint8) * np.uint8(255)
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype.kind not in "iuf":
        raise BadPixelsError(f"values of type {pixels.dtype}, not numbers")
    if not np.isfinite(pixels).all():
        raise BadPixelsError("values that are not finite")
    if pixels.min(initial=0) < 0 or pixels.max(initial=0) > white:
        raise BadPixelsError(f"values outside 0 to {white}")
    scaled: Pixels = np.rint(pixels * (255 / white)).astype(np.uint8)
    return scaled


def _as_rgb(pixels: Pixels) -> Pixels:
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    return np.ascontiguousarray(pixels[..., :3])


class BadPixelsError(OSError):
    """An array's values are no pixels: the image is skipped with this reason."""


def _members(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as file:
            return [n.removesuffix(".npy") for n in file.namelist() if n.endswith(".npy")]
    except (zipfile.BadZipFile, OSError) as error:
        raise _unreadable(path, error) from error


@lru_cache(maxsize=64)
def _header_at(path: Path, name: str, _state: File) -> tuple[tuple[int, ...], str]:
    with zipfile.ZipFile(path) as file, file.open(f"{name}.npy") as member:
        version = np.lib.format.read_magic(member)
        read = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, _order, kind = read(member)
    return shape, kind.kind


def _header(path: Path, name: str) -> tuple[tuple[int, ...], str]:
    """Shape and kind of an array, without reading it."""
    try:
        return _header_at(path, name, file_at(path))
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, RuntimeError) as error:
        raise _unreadable(path, error) from error


def _array(path: Path, name: str) -> "np.ndarray[Any, Any]":
    """An array, mapped from a copy in the cache."""
    return _array_in(path, name, file_at(path))


@lru_cache(maxsize=8)
def _array_in(path: Path, name: str, _state: File) -> "np.ndarray[Any, Any]":
    try:
        copy = unpacked_member(path, f"{name}.npy")
        array: np.ndarray[Any, Any] = np.load(copy, mmap_mode="r", allow_pickle=False)
        return array
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(
        f"not a readable .npz file: {error}",
        where=str(path),
        allowed="arrays of numbers, written by numpy.savez",
    )
