"""Names of splits: common spellings, and the error if one is missing."""

import re
from collections.abc import Collection

from datayield.spec.errors import DataError

SPELLINGS: dict[str, tuple[str, ...]] = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}
KNOWN = frozenset(name for names in SPELLINGS.values() for name in names)

_SHARE = re.compile(r"^(?P<split>[^\[\]]+)\[(?P<start>\d{1,3}%)?:(?P<stop>\d{1,3}%)?\]$")


def share_of(split: str) -> tuple[str, tuple[int, int] | None]:
    """`train[20%:]` -> ("train", (20, 100)); `train` -> ("train", None). Raises DataError."""
    if "[" not in split and "]" not in split:
        return split, None
    match = _SHARE.match(split)
    if match:
        start, stop = (
            int(match[part].rstrip("%")) if match[part] else None for part in ("start", "stop")
        )
        share = (start or 0, 100 if stop is None else stop)
        if 0 <= share[0] < share[1] <= 100:
            return match["split"], share
    raise DataError(
        "invalid split slice",
        where="split",
        got=split,
        allowed="train[:80%], train[80%:], train[20%:60%]",
    )


def chosen(split: str, present: Collection[str], *, dataset: str, where: str) -> str:
    """The member of `present` that `split` refers to. Raises DataError if there is none."""
    for name in (split, *SPELLINGS.get(split, ())):
        if name in present:
            return name
    if list(present) == ["train"]:
        hint = "it has no predefined splits: use slices, train[:80%] and train[80%:]"
    else:
        hint = "name one of its splits in the study"
    raise DataError(
        f"dataset {dataset!r} has no split {split!r}",
        where=where,
        got=split,
        allowed=sorted(present),
        hint=hint,
    )
