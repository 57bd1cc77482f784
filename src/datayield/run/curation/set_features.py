"""Features of a split's images for choosing among them, computed once and kept in the cache."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from datayield.data.decoded import Arrays, one_at_a_time
from datayield.data.source import Labels
from datayield.evals.features import extract, pixel_features
from datayield.run.device import choose
from datayield.run.distances.feature_net import FeatureNet, feature_net
from datayield.spec.atomic_files import write_with
from datayield.spec.environment import cache_dir, store_dir
from datayield.spec.errors import DataError
from datayield.spec.identity import digest
from datayield.spec.run import MOST_POOL
from datayield.store.folders import Store

VERSION = 1  # bump when the same images and weights give other features
BATCH = 256
FeatureRows = NDArray[np.floating]
Progress = Callable[[int, int], None]  # images done, of how many


def features_at(arrays: Arrays, positions: Labels, name: str, size: int) -> FeatureRows:
    """Features [k, d] by the network `name` of the images at `positions` [k] of a decoded split.

    Those of a network are kept: of all images of a split of at most `MOST_POOL`, else of these.
    Raises ConfigError for an unknown network, DataError if they are not finite.
    """
    net = feature_net(name, size, Store(store_dir()), "data.select.features")
    if net.net is None:
        return _in_blocks(arrays, positions, lambda images: pixel_features(images).numpy())
    every = len(arrays) <= MOST_POOL
    wanted = np.arange(len(arrays), dtype=np.int64) if every else np.sort(positions)
    kept = _kept(arrays, wanted, net)
    return kept[positions if every else np.searchsorted(wanted, positions)]


def keep_features(arrays: Arrays, name: str, size: int, progress: Progress) -> None:
    """Compute and keep what `features_at` wants, if those are features of all images of the split.

    `progress` is called with how many are done, unless they were kept before.
    """
    net = feature_net(name, size, Store(store_dir()), "data.select.features")
    if net.net is not None and len(arrays) <= MOST_POOL:
        _kept(arrays, np.arange(len(arrays), dtype=np.int64), net, progress)


def _kept(
    arrays: Arrays, wanted: Labels, net: FeatureNet, progress: Progress | None = None
) -> FeatureRows:
    which = [VERSION, arrays.digest, net.identity, net.size, digest(wanted.tolist(), 20)]
    path = cache_dir() / "curation" / f"features-{digest(which, 24)}.npy"
    if (features := _read(path, len(wanted))) is not None:
        return features
    path.parent.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(path):  # another process may have computed them in the meantime
        if (features := _read(path, len(wanted))) is not None:
            return features
        features = _computed(arrays, wanted, net, progress)
        written = features
        write_with(path, lambda file: np.save(file, written))
    return features


def _computed(
    arrays: Arrays, wanted: Labels, net: FeatureNet, progress: Progress | None
) -> FeatureRows:
    device = choose("auto")
    module: Any = net.net
    module.to(device)

    def of(images: NDArray[np.uint8]) -> FeatureRows:
        return extract(module, images, device, batch=BATCH).numpy()

    features = _in_blocks(arrays, wanted, of, progress)
    if not np.isfinite(features).all():
        raise DataError(
            "features are not finite, so images cannot be compared by them",
            where="data.select.features",
            got=net.name,
            hint="choose other features, for example pixels",
        )
    half = np.abs(features).max(initial=0) < np.finfo(np.float16).max
    return features.astype(np.float16) if half else features  # half the disk: 3 digits are enough


def _in_blocks(
    arrays: Arrays,
    positions: Labels,
    of: Callable[[NDArray[np.uint8]], FeatureRows],
    progress: Progress | None = None,
) -> FeatureRows:
    side, parts = arrays.rows.shape[1], list[FeatureRows]()
    with torch.inference_mode():
        for start in range(0, len(positions), BATCH):
            block = positions[start : start + BATCH]
            images = np.empty((len(block), side, side, 3), np.uint8)
            arrays.rows.read(block, images, np.arange(len(block), dtype=np.int64))
            parts.append(of(images))
            if progress is not None:
                progress(start + len(block), len(positions))
    return np.concatenate(parts)


def _read(path: Path, count: int) -> FeatureRows | None:
    try:
        kept: FeatureRows = np.load(path)
    except (OSError, ValueError, EOFError):
        return None
    return kept if kept.ndim == 2 and len(kept) == count else None
