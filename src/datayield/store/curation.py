"""What is kept of images chosen by their features: their order in the pool, measures of a set."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from datayield.spec.atomic_files import read_json
from datayield.spec.environment import cache_dir
from datayield.spec.frozen import Frozen
from datayield.spec.identity import VERSIONS, digest
from datayield.spec.run import RunSpec, Subset

MEASURES = 1  # bump when the same set and features give other measures


class SetRecord(Frozen):
    """How diverse the images of a set are."""

    dataset: str
    select: str = Field(description="how they were chosen, in words")
    count: int
    seed: int
    measured: int = Field(description="images that were looked at, the first of the set")
    vendi: dict[str, float] = Field(
        description="Vendi score, 1 (all alike) to `measured`, by the features it is of"
    )
    near_copies: int | None = Field(
        description="images that are a near copy of another one in the set; None: not looked for"
    )


def order_path(part: Subset) -> Path | None:
    """Where the order of the images that `part` chooses is kept; the same for every count.

    None where its images are not known by their contents.
    """
    select = part.select
    if select is None or part.fingerprint is None:
        return None
    if select.target is not None and select.target.fingerprint is None:
        return None
    key = digest(["order", VERSIONS["curation"], _text(part, count=False)], 24)
    return cache_dir() / "curation" / f"{key}.npy"


def kept_order(path: Path | None, count: int, pool: int) -> NDArray[np.int64] | None:
    """The first images of the order in `path`, as places in a pool of that many.

    As many as are kept, which may be fewer than `count`; None if missing or damaged.
    """
    try:
        order = None if path is None else np.load(path)
    except (OSError, ValueError, EOFError):
        return None
    if order is None or order.dtype != np.int64 or order.ndim != 1 or not len(order):
        return None
    within = order.min() >= 0 and order.max() < pool and len(np.unique(order)) == len(order)
    return order[:count] if within else None


def is_chosen(part: Subset) -> bool:
    """Whether the images that `part` chooses are known already."""
    order = kept_order(order_path(part), part.count or 1, np.iinfo(np.int64).max)
    return order is not None and len(order) >= (part.count or 1)


def set_path(part: Subset, features: Sequence[str]) -> Path:
    """Where the measures of a set of images by these features are kept."""
    key = digest(["set", MEASURES, VERSIONS["curation"], _text(part), *features], 24)
    return cache_dir() / "curation" / f"{key}.json"


def set_record(part: Subset, features: Sequence[str]) -> SetRecord | None:
    """The measures of a set of images by these features; None if it was not measured."""
    try:
        return SetRecord.model_validate(read_json(set_path(part, features)), strict=False)
    except ValidationError:
        return None


def features_used(parts: Iterable[Subset]) -> tuple[str, ...]:
    """What to measure the sets of a study by: pixels, and what their images are chosen by.

    Nothing if all are drawn at random.
    """
    used = dict.fromkeys(part.select.features for part in parts if part.select is not None)
    return tuple(dict.fromkeys(("pixels", *used))) if used else ()


def sets_measured(runs: Iterable[RunSpec]) -> tuple[SetRecord, ...]:
    """The measures of the sets that runs train on; none if all are drawn at random."""
    parts = dict.fromkeys(part for run in runs for _, part in run.data.members)
    features = features_used(parts)
    records = (set_record(part, features) for part in parts) if features else ()
    return tuple(record for record in records if record is not None)


def _text(part: Subset, count: bool = True) -> str:
    return (part if count else part.model_copy(update={"count": None})).content_text
