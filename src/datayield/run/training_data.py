"""The images of runs and evaluations, decoded once per process."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from datayield.data.decoded import Arrays, Fit, Rows, Stored, prepare
from datayield.data.free_memory import IMAGES_SHARE, free_bytes, images_fit
from datayield.data.sampling import (
    EndToEnd,
    Indices,
    Joined,
    Resident,
    Streamed,
    among,
    digest_of,
    indices,
)
from datayield.data.source import UNLABELLED, Labels
from datayield.run.loop import TrainingData
from datayield.spec.errors import DataError
from datayield.spec.identity import digest
from datayield.spec.run import Mixture, RunSpec, Subset, SupervisedSpec

DRAWN = 16  # subsets whose positions are kept: of a million images, 8 MB each
_DECODED: dict[tuple[str, str, int, Fit], Arrays] = {}


def arrays_of(
    dataset: str,
    split: str,
    size: int,
    fit: Fit,
    progress: Callable[[int, int], None] | None = None,
    on_the_fly: bool = False,
) -> Arrays:
    """A decoded split; cached within a process.

    `on_the_fly`: also accept a split that does not fit on disk, which is enough for pretraining.
    """
    key = (dataset, split, size, fit)
    decoded = _DECODED.get(key)
    if decoded is None or not (on_the_fly or isinstance(decoded.rows, Stored)):
        _DECODED[key] = prepare(dataset, split, size, fit, progress=progress, on_the_fly=on_the_fly)
    return _DECODED[key]


def _pretrained_on(data: Subset) -> Arrays:
    return arrays_of(data.dataset, data.split, data.size, data.fit, on_the_fly=True)


@dataclass(frozen=True, eq=False)
class DrawnMember:
    """A subset, or one part of a mixture: its split and which images it takes."""

    part: Subset
    arrays: Arrays
    indices: Indices


@dataclass(frozen=True, eq=False)
class DrawnImages:
    """The images that a run trains on, member by member."""

    members: tuple[DrawnMember, ...]

    @property
    def rows(self) -> Rows:
        """The pixels of all members' splits, one split after another."""
        first, *others = (member.arrays.rows for member in self.members)
        return Joined([first, *others]) if others else first

    @property
    def indices(self) -> Indices:
        """Which of `rows`."""
        first, *others = (member.indices for member in self.members)
        if not others:
            return first
        return EndToEnd([first, *others], [len(member.arrays) for member in self.members])

    @property
    def data_digest(self) -> str:
        """Identifies these splits."""
        first, *others = (member.arrays.digest for member in self.members)
        return digest([first, *others]) if others else first

    @property
    def stored(self) -> bool:
        """Whether the pixels of all members are on disk."""
        return all(isinstance(member.arrays.rows, Stored) for member in self.members)


def draw_images(data: Subset | Mixture) -> DrawnImages:
    """The images that `data` selects; cached within a process.

    Raises DataError if a split has fewer usable images than requested, a class does not exist, or
    two parts of a mixture contain the same image.
    """
    return _drawn(data, tuple(_pretrained_on(part) for _, part in data.members))


@lru_cache(maxsize=DRAWN)
def _drawn(data: Subset | Mixture, arrays: tuple[Arrays, ...]) -> DrawnImages:
    members: list[DrawnMember] = []
    taken: dict[tuple[str, str], dict[str, Indices]] = {}
    for (name, part), split in zip(data.members, arrays, strict=True):
        members.append(DrawnMember(part, split, _indices(name, part, split)))
        taken.setdefault((part.dataset, part.split), {})[name] = members[-1].indices
    for (dataset, split_name), parts in taken.items():
        if len(parts) > 1:
            _check_apart(f"{dataset!r} split {split_name!r}", parts)
    return DrawnImages(tuple(members))


def _indices(name: str, part: Subset, arrays: Arrays) -> Indices:
    """Positions of a part's images in its split."""
    where = f"data.parts.{name}" if name else "data"
    of = None
    if part.classes is not None:
        columns = arrays.labels, arrays.classes
        of = among(part.classes, part.label or "label", *columns, f"{where}.classes")[1]
    elif part.count is not None and part.count + (part.skip or 0) > len(arrays):
        raise DataError(
            f"{part.dataset!r} split {part.split!r} has {len(arrays)} usable images: "
            f"{len(arrays.skipped)} of {arrays.listed} are corrupt and were skipped",
            where=f"{where}.count",
            got=part.count,
            allowed=f"1 to {len(arrays) - (part.skip or 0)}",
            hint="fix them (datayield doctor --data lists them) or request fewer",
        )
    return indices(part, len(arrays), len(arrays.skipped), of, where)


def _check_apart(what: str, parts: dict[str, Indices]) -> None:
    """Parts of one split must not share images, which would be seen twice as often."""
    seen: dict[str, Labels] = {}
    for name, chosen in parts.items():
        positions = np.sort(chosen[np.arange(len(chosen), dtype=np.int64)])
        for other, before in seen.items():
            if shared := len(np.intersect1d(before, positions, assume_unique=True)):
                raise DataError(
                    f"parts {other} and {name} share {shared:,} images of {what}",
                    where=f"data.parts.{name}",
                    hint=f"give {name} other classes, or the same classes and seed as {other} and "
                    f"skip: {len(before)}, which starts after its images",
                )
        seen[name] = positions


def check_classes(spec: RunSpec) -> None:
    """Raises DataError if a supervised run's labels are missing or have more classes."""
    if spec.label is None:
        return
    assert isinstance(spec.method, SupervisedSpec)
    assert isinstance(spec.data, Subset)
    data, classes = spec.data, spec.method.classes
    labels = _pretrained_on(data).labels
    if spec.label not in labels:
        raise DataError(
            f"{data.dataset!r} split {data.split!r} has no labels called {spec.label!r}",
            where="method.label",
            got=spec.label,
            allowed=list(labels) or "none (this split is unlabeled)",
        )
    if (labels[spec.label] == UNLABELLED).any():
        without = int((labels[spec.label] == UNLABELLED).sum())
        raise DataError(
            f"{without:,} images of {data.dataset!r} split {data.split!r} have no label",
            where="method.label",
            got=spec.label,
            hint="move them out of the dataset, or choose its classes: data.classes",
        )
    if (highest := int(labels[spec.label].max())) >= classes:
        raise DataError(
            f"the labels {spec.label!r} of {data.dataset!r} are numbered up to {highest}",
            where="method.classes",
            got=classes,
            allowed=f"{highest + 1} or more",
        )


def training_data_of(spec: RunSpec, device: torch.device) -> TrainingData:
    """The images, and labels if it reads them, that a run draws its batches from.

    Raises DataError if there are fewer than N images, or the labels are missing.
    """
    check_classes(spec)
    return _training_data(draw_images(spec.data), spec.label, device)


@lru_cache(maxsize=2)
def _training_data(drawn: DrawnImages, label: str | None, device: torch.device) -> TrainingData:
    rows, chosen, members = drawn.rows, drawn.indices, drawn.members
    nbytes, note = len(chosen) * math.prod(rows.shape[1:]), ""
    images: Resident | Streamed
    if images_fit(nbytes, device):
        images = Resident(rows, chosen, device)
    else:
        images = Streamed(rows, chosen, device)
        names = dict.fromkeys(f"{each.part.dataset} {each.part.split}" for each in members)
        note = (
            f"{' + '.join(names)}: {len(chosen):,} images are {nbytes / 2**30:.1f} GiB,"
            f" more than {IMAGES_SHARE:.0%} of the {free_bytes(device) / 2**30:.1f} GiB"
            f" free on {device.type}: {'read' if drawn.stored else 'decoded'} while training,"
            " with the same result"
        )
    column = None
    if label is not None:  # a single set: RunSpec rejects labels of a mixture
        where = np.arange(len(chosen), dtype=np.int64)
        column = torch.from_numpy(members[0].arrays.labels[label][chosen[where]]).to(device)
    skipped = sum(len(member.arrays.skipped) for member in members)
    return TrainingData(images, drawn.data_digest, digest_of(chosen), skipped, column, note)
