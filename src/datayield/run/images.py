"""The images of runs and evaluations, decoded once per process."""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Literal

import numpy as np
import torch

from datayield.data.decoded import Arrays, Rows, Stored, prepare
from datayield.data.sampling import (
    SHARE,
    EndToEnd,
    Indices,
    Joined,
    Resident,
    Streamed,
    among,
    digest_of,
    fits,
    free,
    indices,
)
from datayield.data.source import Labels
from datayield.run.loop import Source
from datayield.spec.errors import DataError
from datayield.spec.identity import digest
from datayield.spec.run import Mixture, RunSpec, Subset, Supervised

Fit = Literal["crop", "squash"]
_DECODED: dict[tuple[str, str, int, Fit], Arrays] = {}


def arrays_of(
    dataset: str,
    split: str,
    size: int,
    fit: Fit,
    progress: Callable[[int, int], None] | None = None,
    on_the_fly: bool = False,
) -> Arrays:
    """A decoded split; the second call in a process is free.

    `on_the_fly`: one that the disk cannot keep will do, as it does to pretrain on.
    """
    key = (dataset, split, size, fit)
    found = _DECODED.get(key)
    if found is None or not (on_the_fly or isinstance(found.rows, Stored)):
        _DECODED[key] = prepare(dataset, split, size, fit, progress=progress, on_the_fly=on_the_fly)
    return _DECODED[key]


def _pretrained_on(data: Subset) -> Arrays:
    return arrays_of(data.dataset, data.split, data.size, data.fit, on_the_fly=True)


def check_count(data: Subset | Mixture) -> None:
    """Raises DataError where a split has fewer usable images than are taken of it, a class is not
    there, or two parts of a mixture take the same image.
    """
    taken: dict[tuple[str, str], dict[str, Indices]] = {}
    for name, part in data.members:
        found = _drawn(name, part)
        taken.setdefault((part.dataset, part.split), {})[name] = found
    for (dataset, split), parts in taken.items():
        if len(parts) > 1:
            _check_apart(f"{dataset!r} split {split!r}", parts)


def _drawn(name: str, part: Subset) -> Indices:
    """Positions of the images that a part takes of its split."""
    arrays = _pretrained_on(part)
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
    """Parts of one split must not share images: these would be seen twice as often."""
    seen: dict[str, Labels] = {}
    for name, chosen in parts.items():
        found = np.sort(chosen[np.arange(len(chosen), dtype=np.int64)])
        for other, before in seen.items():
            if shared := len(np.intersect1d(before, found, assume_unique=True)):
                raise DataError(
                    f"parts {other} and {name} share {shared:,} images of {what}",
                    where=f"data.parts.{name}",
                    hint=f"give {name} other classes, or the same classes and seed as {other} and "
                    f"skip: {len(before)}, which starts after its images",
                )
        seen[name] = found


def check_classes(spec: RunSpec) -> None:
    """Raises DataError where a supervised run's labels are not there, or of more classes."""
    if spec.label is None:
        return
    assert isinstance(spec.method, Supervised)
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
    if (highest := int(labels[spec.label].max())) >= classes:
        raise DataError(
            f"the labels {spec.label!r} of {data.dataset!r} are numbered up to {highest}",
            where="method.classes",
            got=classes,
            allowed=f"{highest + 1} or more",
        )


def source_of(spec: RunSpec, device: torch.device) -> Source:
    """The images, and labels where it reads them, that a run draws its batches from.

    Raises DataError where N cannot be met, or the labels are not there.
    """
    check_classes(spec)
    return _source(spec.data, spec.label, device)


@lru_cache(maxsize=2)
def _source(data: Subset | Mixture, label: str | None, device: torch.device) -> Source:
    check_count(data)
    members = [(part, _pretrained_on(part), _drawn(name, part)) for name, part in data.members]
    sets: list[Rows] = [arrays.rows for _, arrays, _ in members]
    rows: Rows
    if len(members) == 1:
        ((_, arrays, chosen),) = members
        rows, digest_of_data = sets[0], arrays.digest
    else:
        rows = Joined(sets)
        chosen = EndToEnd([x for _, _, x in members], [len(arrays) for _, arrays, _ in members])
        digest_of_data = digest([arrays.digest for _, arrays, _ in members])
    nbytes, note = len(chosen) * math.prod(rows.shape[1:]), ""
    images: Resident | Streamed
    if fits(nbytes, device):
        images = Resident(rows, chosen, device)
    else:
        images = Streamed(rows, chosen, device)
        names = dict.fromkeys(f"{part.dataset} {part.split}" for part, _, _ in members)
        note = (
            f"{' + '.join(names)}: {len(chosen):,} images are {nbytes / 2**30:.1f} GiB,"
            f" more than {SHARE:.0%} of the {free(device) / 2**30:.1f} GiB free on"
            f" {device.type}: {'read' if _kept(sets) else 'decoded'} while training,"
            " with the same result"
        )
    column = None
    if label is not None:  # of one set alone: RunSpec refuses labels of a mixture
        where = np.arange(len(chosen), dtype=np.int64)
        column = torch.from_numpy(members[0][1].labels[label][chosen[where]]).to(device)
    skipped = sum(len(arrays.skipped) for _, arrays, _ in members)
    return Source(images, digest_of_data, digest_of(chosen), skipped, column, note)


def _kept(sets: Sequence[Rows]) -> bool:
    """Whether the pixels of all sets lie on the disk."""
    return all(isinstance(rows, Stored) for rows in sets)
