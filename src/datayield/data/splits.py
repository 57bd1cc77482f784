"""Names of splits: how they are spelled in the wild, and what to say when one is missing."""

from collections.abc import Collection

from datayield.spec.errors import DataError

SPELLINGS: dict[str, tuple[str, ...]] = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}
KNOWN = frozenset(name for names in SPELLINGS.values() for name in names)


def chosen(split: str, present: Collection[str], *, dataset: str, where: str) -> str:
    """The member of `present` that `split` means. Raises DataError where there is none."""
    for name in (split, *SPELLINGS.get(split, ())):
        if name in present:
            return name
    if list(present) == ["train"]:
        hint = "it has no splits of its own; move images into train/ and test/ to make them"
    else:
        hint = "name one of its splits in the study"
    raise DataError(
        f"dataset {dataset!r} has no split {split!r}",
        where=where,
        got=split,
        allowed=sorted(present),
        hint=hint,
    )
