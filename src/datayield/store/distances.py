"""What is written down of distances between datasets."""

from pathlib import Path

from pydantic import ValidationError

from datayield.spec.atomic_files import read_json
from datayield.spec.frozen import Frozen


class MetricRecord(Frozen):
    """One distance of two sets of images.

    `null`: the least and greatest value of 20 splits of the pooled images, each half of one set and
    half of the other. `halves`: the distance between the halves of each set. `value` is None where
    there are too few images, and `note` says how many are needed. `unbiased`: whether the expected
    value is the same for any number of images.
    """

    metric: str
    value: float | None
    interval: tuple[float, float] | None
    null: tuple[float, float] | None
    halves: tuple[float | None, float | None]
    unbiased: bool
    note: str = ""


class DistanceRecord(Frozen):
    """All figures of two sets by one encoder, from `n` images of each at `size` px."""

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
    """Every record that `datayield distance` left in `folder`, by name of the file."""
    records = []
    for path in sorted(folder.glob("*.json")):
        try:
            records.append(DistanceRecord.model_validate(read_json(path), strict=False))
        except ValidationError:
            continue  # of another version: measured anew when it is asked for
    return tuple(records)
