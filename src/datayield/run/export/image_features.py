"""Features of images by a frozen encoder, in parts: computed once, and kept in the cache."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from datayield.data.decoded import Arrays
from datayield.data.source import Labels
from datayield.evals.features import central, extract
from datayield.run.export.frozen_encoder import FrozenEncoder
from datayield.run.loop import weights_digest
from datayield.spec.atomic_files import write_with
from datayield.spec.environment import cache_dir
from datayield.spec.errors import DataError
from datayield.spec.identity import digest

PART = 512  # images of a part
VERSION = 1  # bump when the same images and weights give other features
FeatureTable = NDArray[np.float32]


def image_features(
    frozen: FrozenEncoder, arrays: Arrays, chosen: Labels, device: torch.device, batch: int
) -> FeatureTable:
    """[k, features] of the images at positions `chosen` [k] of decoded arrays.

    Raises DataError if features are not finite.
    """
    seen = frozen.preprocessing
    images = np.empty((len(chosen), seen.side, seen.side, 3), np.uint8)
    arrays.rows.read(chosen, images, np.arange(len(chosen), dtype=np.int64))
    pixels = central(images, seen.size)
    features: FeatureTable = extract(frozen.encoder, pixels, device, batch=batch).numpy()
    if not np.isfinite(features).all():
        bad = int(np.flatnonzero(~np.isfinite(features).all(axis=1))[0])
        good = np.delete(np.arange(arrays.listed), arrays.bad)
        raise DataError(
            "features are not finite",
            where=arrays.source.names(int(good[chosen[bad]])),
            hint="the run diverged, most likely: see its loss in the report, and choose another",
        )
    return features


def kept_features(
    frozen: FrozenEncoder,
    arrays: Arrays,
    chosen: Labels,
    device: torch.device,
    progress: Callable[[int, int], None],
    batch: int = 256,
) -> FeatureTable:
    """As `image_features`; parts of an earlier call are read. `progress(done, total)`."""
    frozen.to(device).to(memory_format=torch.channels_last)  # as for evaluations
    seen = frozen.preprocessing.model_dump(mode="json")
    of = [VERSION, weights_digest(frozen.encoder.state_dict()), seen, arrays.digest]
    parts = [np.zeros((0, frozen.features), np.float32)]
    for start in range(0, len(chosen), PART):
        mine = chosen[start : start + PART]
        path = cache_dir() / "features" / f"{digest([*of, mine.tolist()], 24)}.npy"
        part = read_part(path, len(mine), frozen.features)
        if part is None:
            part = image_features(frozen, arrays, mine, device, batch)
            save_part(path, part)
        parts.append(part)
        progress(start + len(mine), len(chosen))
    return np.concatenate(parts)


def save_part(path: Path, features: FeatureTable) -> None:
    """Keep a part; its folder is made. Raises StoreError."""
    write_with(path, lambda file: np.save(file, features), size=features.nbytes)


def read_part(path: Path, count: int, width: int) -> FeatureTable | None:
    """The features [count, width] of an earlier call; None if there are none, or incomplete."""
    try:
        kept: FeatureTable = np.load(path)
    except (OSError, ValueError, EOFError):
        return None
    return kept if kept.shape == (count, width) and kept.dtype == np.float32 else None
