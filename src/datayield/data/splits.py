"""Names of splits: common spellings, words in file names, slices, and what splits have in common.

Which images belong to a split is decided by the names of files and folders alone.
"""

import re
from collections.abc import Collection, Sequence
from itertools import combinations
from typing import NamedTuple

from datayield.spec.errors import DataError

SPELLINGS: dict[str, tuple[str, ...]] = {
    "train": ("train", "training", "trainset"),
    "val": ("val", "valid", "validation", "dev", "valset", "validate"),
    "test": ("test", "testing", "testset", "eval", "evaluation"),
    "trainval": ("trainval",),
    "holdout": ("holdout", "heldout"),
    "extra": ("extra",),
    "unlabeled": ("unlabeled", "unlabelled", "unsup", "unsupervised"),
}
MEANING = {word: split for split, words in SPELLINGS.items() for word in words}
KNOWN = frozenset(MEANING)
# Beside a split in the name of a folder: train_images, val-set, test.
NEUTRAL = frozenset({"set", "split", "image", "images", "img", "imgs", "data", "folder", "photos"})
# Splits that contain others, by the names that datasets use.
CONTAINS = {
    "all": ("train", "val", "test", "trainval"),
    "trainval": ("train", "val"),
    "train+unlabeled": ("train", "unlabeled"),
    "train800val200": ("train800", "val200"),
}

_SHARE = re.compile(
    r"(?P<split>[^\[\]]+)\[(?P<start>\d{1,3}%)?:(?P<stop>\d{1,3}%)?"
    r"(?: +by +(?P<by>[^\[\]]*[^\[\]\s]))? *\]"
)


class SplitSlice(NamedTuple):
    """A split, from and to which percent of it (None: no slice), and what it is grouped by."""

    split: str
    percent: tuple[int, int] | None = None
    by: str | None = None


def words_of(name: str) -> list[str]:
    """The words of a file or folder name: runs of letters, in lower case."""
    joined = re.sub(r"held[-_ ]?out", "heldout", re.sub(r"hold[-_ ]?out", "holdout", name.lower()))
    return re.findall(r"[a-z]+", joined)


def split_words(name: str) -> list[str]:
    """The splits that the words of `name` mean, each once: `val2017` -> ["val"]."""
    return list(dict.fromkeys(MEANING[word] for word in words_of(name) if word in KNOWN))


def names_split(folder: str) -> bool:
    """Whether a folder's name says its split and nothing else: `Testing`, `val2017`, `train_set`.

    A class may be called `bullet_train`; that one is not a split.
    """
    return bool(split_words(folder)) and all(w in KNOWN | NEUTRAL for w in words_of(folder))


def share_of(split: str) -> SplitSlice:
    """`train[20%: by patient]` -> ("train", (20, 100), "patient"); `train`: no slice, no grouping.

    Raises DataError for another spelling.
    """
    if "[" not in split and "]" not in split:
        return SplitSlice(split)
    match = _SHARE.fullmatch(split)
    if match:
        start, stop = (
            int(match[part].rstrip("%")) if match[part] else None for part in ("start", "stop")
        )
        share = (start or 0, 100 if stop is None else stop)
        if 0 <= share[0] < share[1] <= 100:
            return SplitSlice(match["split"], share, match["by"])
    raise DataError(
        "invalid split slice",
        where="split",
        got=split,
        allowed="train[:80%], train[80%:], train[20%:60%], train[:80% by patient]",
    )


def chosen(split: str, present: Collection[str], *, dataset: str, where: str) -> str:
    """The member of `present` that `split` refers to.

    Raises DataError if there is none, or more than one of its meaning.
    """
    if split in present:
        return split
    meaning = MEANING.get(split.lower(), split.lower())
    for name in present:
        if _meaning(name) == meaning:
            return name
    alike = [n for n in present if names_split(n) and split_words(n) == [meaning]]
    if len(alike) > 1:  # train2014 beside train2017
        raise DataError(
            f"{split!r} is ambiguous: dataset {dataset!r} has {' and '.join(sorted(alike))}",
            where=where,
            got=split,
            allowed=sorted(present),
            hint=f"name one of them, for example split: {sorted(alike)[0]}",
        )
    if list(present) == ["train"]:
        hint = "it has no predefined splits: use slices, train[:80%] and train[80%:], or folds: 5"
    else:
        hint = "name one of its splits in the study"
    raise DataError(
        f"dataset {dataset!r} has no split {split!r}",
        where=where,
        got=split,
        allowed=sorted(present),
        hint=hint,
    )


def check_disjoint(dataset: str, splits: Sequence[str], where: str) -> None:
    """Raises DataError if two of the splits that an evaluation reads share images by their names.

    `train[:80%]` and `train[10%:]` do, and so do `train` and `training[80%:]`. Slices that are
    grouped by one thing and slices that are not, or by another, may share groups: refused too.
    """
    for one, other in combinations(dict.fromkeys(splits), 2):
        (a, of_a, by_a), (b, of_b, by_b) = share_of(one), share_of(other)
        if by_a != by_b:
            raise DataError(
                f"splits {one!r} and {other!r} of {dataset!r} are not grouped by the same column",
                where=where,
                got=f"{by_a or 'none'} and {by_b or 'none'}",
                allowed="one column for all splits of an evaluation",
                hint=f"write {a}[:80% by {by_a or by_b}] and {a}[80%: by {by_a or by_b}], or "
                f"{b}[: by {by_a or by_b}] for all of a split",
            )
        a, b = _meaning(a), _meaning(b)
        nested = b in CONTAINS.get(a, ()) or a in CONTAINS.get(b, ())
        start = max((of_a or (0, 100))[0], (of_b or (0, 100))[0])
        stop = min((of_a or (0, 100))[1], (of_b or (0, 100))[1])
        if (a == b and start < stop) or nested:
            share = f"{stop - start}% of {a}" if a == b else min(a, b, key=len)
            raise DataError(
                f"splits {one!r} and {other!r} of {dataset!r} overlap: both contain {share}, "
                "so test images would be trained on",
                where=where,
                got=f"{one} and {other}",
                allowed="splits without a common image, such as train[:80%] and train[80%:]",
                hint="change one of the two slices",
            )


def _meaning(name: str) -> str:
    """The common name of a split: `Testing` -> `test`; a name that is no such word stays."""
    if name in CONTAINS:
        return name
    return MEANING.get(name.lower(), name.lower())
