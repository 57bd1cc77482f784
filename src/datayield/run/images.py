"""The images of runs and evaluations, decoded once per process."""

from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import torch

from datayield.data.arrays import Arrays, prepare
from datayield.data.resident import Resident
from datayield.data.subset import digest_of, indices
from datayield.run.pretrain import Source
from datayield.spec.errors import DataError
from datayield.spec.run import Subset

Fit = Literal["crop", "squash"]
_DECODED: dict[tuple[str, str, int, Fit], Arrays] = {}


def arrays_of(
    dataset: str,
    split: str,
    size: int,
    fit: Fit,
    progress: Callable[[int, int], None] | None = None,
) -> Arrays:
    """A decoded split; the second call in a process is free."""
    key = (dataset, split, size, fit)
    if key not in _DECODED:
        _DECODED[key] = prepare(dataset, split, size, fit, progress=progress)
    return _DECODED[key]


def check_count(subset: Subset) -> None:
    """Raises DataError where the split has fewer usable images than the subset takes."""
    arrays = arrays_of(subset.dataset, subset.split, subset.size, subset.fit)
    if subset.count is not None and subset.count > len(arrays):
        raise DataError(
            f"{subset.dataset!r} split {subset.split!r} has {len(arrays)} usable images: "
            f"{len(arrays.skipped)} of {arrays.listed} are damaged and were left out",
            where="data.count",
            got=subset.count,
            allowed=f"1 to {len(arrays)}",
            hint="mend them (datayield doctor --data lists them) or ask for fewer",
        )


@lru_cache(maxsize=2)
def source_of(subset: Subset, device: torch.device) -> Source:
    """The images that a run draws its batches from. Raises DataError where N cannot be met."""
    check_count(subset)
    arrays = arrays_of(subset.dataset, subset.split, subset.size, subset.fit)
    chosen = indices(subset, len(arrays))
    return Source(
        Resident(arrays.images, chosen, device),
        arrays.digest,
        digest_of(chosen),
        len(arrays.skipped),
    )
