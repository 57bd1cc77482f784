"""Distances between datasets: images, features, values; all of them cached between calls."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import torch
from pydantic import ValidationError

from datayield.data.decoded import Arrays
from datayield.evals.distance import LEAST, Sample, distances
from datayield.evals.result import check
from datayield.run.decoded_splits import arrays_of
from datayield.run.device import versions
from datayield.run.distances.feature_cache import Chosen, Ranges, counts_of, features_of, pooled
from datayield.run.distances.feature_net import FeatureNet
from datayield.spec.atomic_files import read_json, write_json
from datayield.spec.environment import cache_dir
from datayield.spec.errors import ConfigError, DataError
from datayield.spec.identity import digest
from datayield.store.distances import DistanceRecord

VERSION = 1  # bump when the same features give different values
MOST = 10_000  # images of each set, unless a count is given
# (what, unit) -> shows how many are done of how many
UnitProgress = Callable[[str, str], AbstractContextManager[Callable[[int, int], None]]]


class Set(NamedTuple):
    """A split of a dataset."""

    dataset: str
    split: str


@dataclass(frozen=True)
class DistanceRequest:
    """Which sets, by which network, how many images of each (None: as many as all have)."""

    sets: tuple[Set, ...]
    net: FeatureNet
    count: int | None
    device: torch.device


def measure_distances(request: DistanceRequest, progress: UnitProgress) -> Iterator[DistanceRecord]:
    """Every pair of sets, each as soon as it is measured.

    VisualDNA's ranges are pooled over all requested sets. Raises ConfigError for fewer than two
    different sets, DataError if one has too few images, TrainingError for NaN features.
    """
    if len(set(request.sets)) < len(request.sets) or len(request.sets) < 2:
        raise ConfigError(
            "a distance needs two different sets of images",
            where="datayield distance",
            got=", ".join(f"{name} ({split})" for name, split in request.sets),
            hint="name other datasets, or two splits of one with --split-a and --split-b",
        )
    net = request.net
    if net.net is not None:
        net.net.to(request.device)
    arrays = [arrays_of(name, split, net.size, "crop") for name, split in request.sets]
    count = _count(request, arrays)
    chosen = [Chosen(each, count, net, request.device) for each in arrays]
    features: list[tuple[torch.Tensor, Ranges]] = []
    with progress("features", "images") as show:
        for each in chosen:
            show(len(features) * count, len(chosen) * count)
            features.append(features_of(each))
    names = _names(request.sets)
    for name, (x, _) in zip(names, features, strict=True):
        check(x, torch.zeros(len(x), dtype=torch.long), name)
    ranges = pooled([bounds for _, bounds in features])
    samples: dict[int, Sample] = {}
    pairs = list(combinations(range(len(chosen)), 2))
    with progress("distances", "pairs") as show:
        for number, (i, j) in enumerate(pairs):
            show(number, len(pairs))
            held = digest([[each.key for each in chosen], i, j, VERSION, net.kind], 20)
            path = cache_dir() / "distances" / f"{held}.json"
            try:
                kept = DistanceRecord.model_validate(read_json(path), strict=False)
            except ValidationError:
                for k in (i, j):
                    if k not in samples:
                        counts = counts_of(chosen[k], ranges)
                        samples[k] = Sample(names[k], features[k][0], counts)
                kept = _record(request, (i, j), samples, arrays, count)
                write_json(path, kept.model_dump(mode="json"))
            about = {"a": names[i], "b": names[j], "encoder": net.name}
            yield kept.model_copy(update=about | {"notes": _notes(request, kept)})


def _record(
    request: DistanceRequest,
    pair: tuple[int, int],
    samples: dict[int, Sample],
    arrays: list[Arrays],
    n: int,
) -> DistanceRecord:
    a, b = (samples[k] for k in pair)
    first, second = (arrays[k] for k in pair)
    if first.digest == second.digest:
        raise DataError(
            "the two sets hold the same images", where=f"{a.name}, {b.name}",
            hint="compare two splits, or two slices of one, such as train[:50%] and train[50%:]",
        )  # fmt: skip
    return DistanceRecord(
        a=a.name,
        b=b.name,
        n=n,
        available=(len(first), len(second)),
        encoder=request.net.name,
        identity=request.net.identity,
        width=a.features.shape[1],
        size=request.net.size,
        data_digests=(first.digest, second.digest),
        metrics=distances(a, b, request.net.kind),
        versions=versions(),
    )


def _count(request: DistanceRequest, arrays: list[Arrays]) -> int:
    """Images of each set, equal for all. Raises DataError if a set has fewer, or too few."""
    names = _names(request.sets)
    fewest = min(range(len(arrays)), key=lambda k: len(arrays[k]))
    most = len(arrays[fewest])
    count = min(most, MOST) if request.count is None else request.count
    if count > most or count < LEAST:
        short = count > most
        raise DataError(
            f"{names[fewest]} has {most:,} images" if short else "too few images for a distance",
            where="--count" if request.count is not None else names[fewest],
            got=count,
            allowed=f"{LEAST} to {most}" if most >= LEAST else f"{LEAST} or more",
            hint="request fewer, or use another split: equal numbers of images are compared"
            if short
            else f"every metric needs {LEAST} images, and fid_inf needs two per feature dimension"
            " plus two",
        )
    return count


def _notes(request: DistanceRequest, record: DistanceRecord) -> tuple[str, ...]:
    net = request.net
    notes = [net.note] if net.note else []
    trained = [name for name, _ in request.sets if name in net.trained_on]
    if trained:
        notes.append(f"{net.name} was pretrained on {trained[0]}: its distances are biased")
    if net.name == "inception":
        notes.append("torchvision weights, not those of published FIDs: values are not comparable")
    return tuple(notes)


def _names(sets: tuple[Set, ...]) -> list[str]:
    """A set's name, with its split if two are from one dataset."""
    several = {name for name, _ in sets if sum(other == name for other, _ in sets) > 1}
    return [f"{name} ({split})" if name in several else name for name, split in sets]
