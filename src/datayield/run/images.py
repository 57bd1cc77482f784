"""The images of runs and evaluations, decoded once per process."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import numpy as np
import torch

from datayield.data.arrays import Arrays, prepare
from datayield.data.memory import SHARE, fits, free
from datayield.data.resident import Resident
from datayield.data.stored import Stored
from datayield.data.streamed import Streamed
from datayield.data.subset import digest_of, indices
from datayield.run.pretrain import Source
from datayield.spec.errors import DataError
from datayield.spec.method import Supervised
from datayield.spec.run import RunSpec, Subset

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


def check_count(subset: Subset) -> None:
    """Raises DataError where the split has fewer usable images than the subset takes."""
    arrays = _pretrained_on(subset)
    if subset.count is not None and subset.count > len(arrays):
        raise DataError(
            f"{subset.dataset!r} split {subset.split!r} has {len(arrays)} usable images: "
            f"{len(arrays.skipped)} of {arrays.listed} are damaged and were left out",
            where="data.count",
            got=subset.count,
            allowed=f"1 to {len(arrays)}",
            hint="mend them (datayield doctor --data lists them) or ask for fewer",
        )


def check_classes(spec: RunSpec) -> None:
    """Raises DataError where a supervised run's labels are not there, or of more classes."""
    if spec.label is None:
        return
    assert isinstance(spec.method, Supervised)
    data, classes = spec.data, spec.method.classes
    labels = _pretrained_on(data).labels
    if spec.label not in labels:
        raise DataError(
            f"{data.dataset!r} split {data.split!r} has no labels called {spec.label!r}",
            where="method.label",
            got=spec.label,
            allowed=list(labels) or "none: this split is unlabeled",
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
def _source(subset: Subset, label: str | None, device: torch.device) -> Source:
    check_count(subset)
    arrays = _pretrained_on(subset)
    chosen = indices(subset, len(arrays))
    rows = arrays.rows
    nbytes, note = len(chosen) * math.prod(rows.shape[1:]), ""
    images: Resident | Streamed
    if fits(nbytes, device):
        images = Resident(rows, chosen, device)
    else:
        images = Streamed(rows, chosen, device)
        note = (
            f"{subset.dataset} {subset.split}: {len(chosen):,} images are {nbytes / 2**30:.1f} GiB,"
            f" more than {SHARE:.0%} of the {free(device) / 2**30:.1f} GiB that are free on"
            f" {device.type}: {'read' if isinstance(rows, Stored) else 'decoded'} while training,"
            " with the same result"
        )
    column = None
    if label is not None:
        where = np.arange(len(chosen), dtype=np.int64)
        column = torch.from_numpy(arrays.labels[label][chosen[where]]).to(device)
    return Source(images, arrays.digest, digest_of(chosen), len(arrays.skipped), column, note)
