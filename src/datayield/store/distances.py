"""Records of distances between datasets."""

from pathlib import Path

from pydantic import ValidationError

from datayield.spec.atomic_files import read_json
from datayield.spec.frozen import Frozen


class MetricRecord(Frozen):
    """One distance of two sets of images.

    `null`: the range over 20 splits of the pooled images into two halves, each with equally many
    images of both sets. `halves`: the distance between the halves of each set. `value` is None if
    there are too few images; `note` says how many are needed. `unbiased`: whether the expected
    value is independent of the number of images.
    """

    metric: str
    value: float | None
    interval: tuple[float, float] | None
    null: tuple[float, float] | None
    halves: tuple[float | None, float | None]
    unbiased: bool
    note: str = ""


class DistanceRecord(Frozen):
    """All distances of two sets by one encoder, from `n` images of each at `size` px."""

    a: str
    b: str
    n: int
    available: tuple[int, int]
    encoder: str
    identity: str
    width: int
    size: int
    notes: tuple[str, ...] = ()
    data_digests: tuple[str, str]
    metrics: tuple[MetricRecord, ...]
    versions: dict[str, str]


def measured_in(folder: Path) -> tuple[DistanceRecord, ...]:
    """Every record that `datayield distance` wrote to `folder`, by file name."""
    records = []
    for path in sorted(folder.glob("*.json")):
        try:
            records.append(DistanceRecord.model_validate(read_json(path), strict=False))
        except ValidationError:
            continue  # of another version: measured again when requested
    return tuple(records)
