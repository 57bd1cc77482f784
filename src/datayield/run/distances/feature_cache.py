"""Features and activation histograms of a dataset's images, cached between calls."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from datayield.data.decoded import Arrays
from datayield.data.selection import sample_items
from datayield.evals.distance import GROUPS
from datayield.evals.features import extract, pixel_features
from datayield.maths.histograms import BINS, histogram
from datayield.nets.activations import watched
from datayield.run.distances.feature_net import FeatureNet
from datayield.spec.atomic_files import write_with
from datayield.spec.environment import cache_dir
from datayield.spec.identity import digest

VERSION = 1  # bump when the same images and weights give different features or counts
BATCH = 128
Range = tuple[Tensor, Tensor]  # minimum and maximum activation of each neuron [C]
Ranges = dict[str, Range]


class Chosen(NamedTuple):
    """A number of images of a decoded split, in random order, for one network."""

    arrays: Arrays
    images: int
    net: FeatureNet
    device: torch.device

    @property
    def key(self) -> str:
        """Equal for the same pixels, network and count."""
        net = self.net
        return digest([VERSION, self.arrays.digest, net.identity, net.size, self.images], 20)

    def groups(self) -> list["np.ndarray[Any, Any]"]:
        """Positions of the images of each group, in stored order within a group."""
        order = sample_items(np.arange(len(self.arrays)), self.images, seed=0)
        return [np.sort(part) for part in np.array_split(order, GROUPS)]


def features_of(chosen: Chosen) -> tuple[Tensor, Ranges]:
    """Features [n, d], group after group, and the range of each neuron over these images."""
    path = _path(chosen.key)
    kept = _read(path)
    if kept is None:
        parts, ranges = [], dict[str, Range]()
        for _, features, activations in _passes(chosen):
            parts.append(features)
            for stage, values in activations.items():
                low, high = (end.cpu() for end in values.aminmax(dim=0))
                old = ranges.get(stage, (low, high))
                ranges[stage] = (torch.minimum(old[0], low), torch.maximum(old[1], high))
        kept = {"features": torch.cat(parts).numpy()}
        for stage, (low, high) in ranges.items():
            kept |= {f"low/{stage}": low.numpy(), f"high/{stage}": high.numpy()}
        _write(path, kept)
    names = [name.removeprefix("low/") for name in kept if name.startswith("low/")]
    bounds = {
        name: (torch.from_numpy(kept[f"low/{name}"]), torch.from_numpy(kept[f"high/{name}"]))
        for name in names
    }
    return torch.from_numpy(kept["features"]), bounds


def counts_of(chosen: Chosen, ranges: Ranges) -> dict[str, Tensor]:
    """Histograms over `ranges` of every neuron by group: stage -> int32 [GROUPS, C, bins]."""
    shape = [[stage, low.tolist(), high.tolist()] for stage, (low, high) in ranges.items()]
    path = _path(f"{chosen.key}-{digest([shape, BINS], 12)}")
    kept = _read(path)
    if kept is None:
        tables = {
            stage: torch.zeros(GROUPS, len(low), BINS, dtype=torch.int32)
            for stage, (low, _) in ranges.items()
        }
        for group, _, activations in _passes(chosen):
            for stage, values in activations.items():
                low, high = (end.to(values.device) for end in ranges[stage])
                tables[stage][group] += histogram(values, low, high).int().cpu()
        kept = {stage: table.numpy() for stage, table in tables.items()}
        _write(path, kept)
    return {stage: torch.from_numpy(kept[stage]) for stage in ranges}


def pooled(ranges: list[Ranges]) -> Ranges:
    """The ranges that cover the activations of all sets."""
    return {
        stage: (
            torch.stack([each[stage][0] for each in ranges]).amin(dim=0),
            torch.stack([each[stage][1] for each in ranges]).amax(dim=0),
        )
        for stage in ranges[0]
    }


def _passes(chosen: Chosen) -> Iterator[tuple[int, Tensor, dict[str, Tensor]]]:
    """Batch by batch, in order: its group, features [B, d], and stage -> activations [N, C].

    For raw pixels the activations are the three colours; for a network with unknown stages, its
    features.
    """
    net = chosen.net.net
    for number, group in enumerate(chosen.groups()):
        for start in range(0, len(group), BATCH):
            images = chosen.arrays.images[group[start : start + BATCH]]
            if net is None:
                colours = torch.from_numpy(images.reshape(-1, 3)).float()
                yield number, pixel_features(images), {"pixels": colours}
                continue
            with watched(net) as seen:
                features = extract(net, images, chosen.device, batch=BATCH)
            yield number, features, seen or {"features": features}


def _path(key: str) -> Path:
    return cache_dir() / "features" / f"{key}.npz"


def _read(path: Path) -> "dict[str, np.ndarray[Any, Any]] | None":
    """The cached arrays in `path`; None if missing or incomplete."""
    try:
        with np.load(path) as kept:
            return dict(kept)
    except (FileNotFoundError, zipfile.BadZipFile, ValueError, EOFError):
        return None


def _write(path: Path, kept: "dict[str, np.ndarray[Any, Any]]") -> None:
    columns: dict[str, Any] = kept
    write_with(path, lambda file: np.savez_compressed(file, **columns))
