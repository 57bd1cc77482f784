"""Our splits and classes for torchvision datasets without them, derived from published data.

Each function: the dataset as torchvision stores it, and a split -> files and labels.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from datayield.data.sources.vtab_labels import (
    KITTI_VEHICLES,
    clevr_count,
    clevr_distance,
    kitti_distance,
)

KITTI_TESTED = 711


class FoundSplit(NamedTuple):
    """Files of one split, and name of a label -> a class for each."""

    files: list[str]
    labels: dict[str, list[int]]


def caltech101(dataset: Any, split: str) -> FoundSplit:
    """Two thirds to train; 101 categories, as torchvision leaves the background clutter out."""
    root = Path(dataset.root) / "101_ObjectCategories"
    files = [
        str(root / dataset.categories[y] / f"image_{number:04d}.jpg")
        for y, number in zip(dataset.y, dataset.index, strict=True)
    ]
    return _part(files, {"label": dataset.y}, split, len(files) * 2 // 3)


def sun397(dataset: Any, split: str) -> FoundSplit:
    """Four fifths to train."""
    pairs = sorted(zip(map(str, dataset._image_files), dataset._labels, strict=True))
    files, labels = [file for file, _ in pairs], [label for _, label in pairs]
    return _part(files, {"label": labels}, split, len(files) * 4 // 5)


def clevr(dataset: Any, split: str) -> FoundSplit:
    """`count` and `distance` of each image, from the scenes that are published with it."""
    folder = Path(dataset._data_folder)
    published = "train" if split == "train" else "val"
    content = json.loads((folder / "scenes" / f"CLEVR_{published}_scenes.json").read_text())
    objects = {scene["image_filename"]: scene["objects"] for scene in content["scenes"]}
    files = sorted(map(str, dataset._image_files))
    mine = [objects[Path(file).name] for file in files]
    distances = [clevr_distance([o["pixel_coords"][2] for o in scene]) for scene in mine]
    return FoundSplit(files, {"count": [clevr_count(len(s)) for s in mine], "distance": distances})


def kitti(dataset: Any, split: str) -> FoundSplit:
    """`distance` of the nearest vehicle; a fixed random 711 of the labelled images are test."""
    pairs = sorted(zip(dataset.images, dataset.targets, strict=True))
    labels = []
    for _, target in pairs:
        rows = [line.split() for line in Path(target).read_text().splitlines()]
        labels.append(kitti_distance([float(r[13]) for r in rows if r[0] in KITTI_VEHICLES]))
    files = [str(file) for file, _ in pairs]
    return _part(files, {"distance": labels}, split, len(files) - KITTI_TESTED)


MADE: dict[str, Callable[[Any, str], FoundSplit]] = {
    "Caltech101": caltech101,
    "SUN397": sun397,
    "CLEVRClassification": clevr,
    "Kitti": kitti,
}


def _part(files: list[str], labels: dict[str, list[int]], split: str, cut: int) -> FoundSplit:
    """The first `cut` of a fixed permutation, or the rest."""
    order = np.random.Generator(np.random.PCG64(0)).permutation(len(files))
    mine = order[:cut] if split == "train" else order[cut:]
    columns = {name: [int(values[i]) for i in mine] for name, values in labels.items()}
    return FoundSplit([files[i] for i in mine], columns)
