"""Which files of a kind (parquet, arrow, tar) belong to which split, by words in their names."""

import re
from collections.abc import Iterable
from pathlib import Path

from datayield.data.census import Noted, noted
from datayield.data.sources.files import File
from datayield.data.splits import MEANING, split_words
from datayield.spec.errors import DataError

# train-00000-of-00002, and with the hash that the Hub appends: ...-a09b74b3ef9c3b56
SHARD = re.compile(r"(?P<stem>.*?)[-_.]?(?P<part>\d+)-of-(?P<parts>\d+)(?:-[0-9a-f]{8,32})?", re.I)
ENDS = re.compile(r"\.(t(ar|gz|xz|bz2|zst)|tbz2?|parquet|arrow|feather|ipc|zip|npz)(\.\w+)?$", re.I)
NUMBER = re.compile(r"[-_.]?\d+$")
PLAIN = frozenset({"data", "default", "shards", "parquet", "dataset"})  # folders that say nothing
Grouped = dict[str, list[File]]


def grouped(root: Path, files: Iterable[File], named: bool) -> Grouped:
    """Split -> its files in order of their names.

    A split is a word of the file's name (`imagenet1k-validation-00.tar`), or else of a folder above
    it (`default/train/0000.parquet`). Where no name says one, all are `train`; with `named`, files
    of different names are splits of these names. Raises DataError if a part is missing or there
    twice, if there are several configurations, or if some names say a split and some do not.
    """
    found: dict[str | None, list[File]] = {}
    configurations: dict[str, list[str]] = {}
    ordered = sorted(files)
    for file in ordered:
        split, configuration = _split_of(file.name, root)
        found.setdefault(split, []).append(file)
        configurations.setdefault(configuration, []).append(file.name)
    if len(configurations) > 1:
        raise _several(root, configurations)
    for part in found.values():
        _check_parts(root, part)
    if None not in found:
        return {split: part for split, part in found.items() if split is not None}
    if len(found) > 1:
        raise _untold(root, found)
    stems = {_stem(f.name) for f in ordered}
    if named and len(stems) > 1:
        parts: Grouped = {}
        for f in ordered:
            parts.setdefault(_stem(f.name) or "train", []).append(f)
        return parts
    return {"train": ordered}


def notes(files: Iterable[File]) -> tuple[dict[str, Noted], dict[str, Noted]]:
    """(merged, ambiguous) of one split's files: several names put together, gaps in numbers."""
    merged, ambiguous = {}, {}
    by_stem: dict[str, list[File]] = {}
    for f in files:
        by_stem.setdefault(_stem(f.name), []).append(f)
    if len(by_stem) > 1:
        merged["shards of several names are read as one split"] = noted(
            part[0].name for part in by_stem.values()
        )
    for part in by_stem.values():
        numbers = [
            int(m[0]) for f in part if "-of-" not in f.name and (m := re.search(r"\d+$", _bare(f)))
        ]
        if len(numbers) > 1 and (gaps := {*range(min(numbers), max(numbers))} - {*numbers}):
            what = f"{len(gaps)} numbers of shards are missing, the first {min(gaps)}"
            ambiguous[what] = noted([part[0].name])
    return merged, ambiguous


def _split_of(name: str, root: Path) -> tuple[str | None, str]:
    """The split that a name says, None if none, and its configuration: folders that say neither."""
    *folders, base = name.split("/")
    words = split_words(_stem(base))
    if len(words) > 1:
        raise DataError(
            f"the name of a file contains two splits: {' and '.join(words)}",
            where=str(root),
            got=name,
            hint="rename it, so that it has one of train, val, test in its name",
        )
    rest = []
    for folder in folders:
        said = split_words(folder)
        if len(said) == 1 and not words:
            words = said
        elif folder.lower() not in PLAIN and not said:
            rest.append(folder)
    return (words[0] if words else None), "/".join(rest)


def _bare(file: File) -> str:
    """The name without folders and extensions."""
    return ENDS.sub("", file.name.rpartition("/")[2])


def _stem(name: str) -> str:
    """The name without extension, number of the shard and hash; "" for a bare number."""
    bare = ENDS.sub("", name.rpartition("/")[2])
    shard = SHARD.fullmatch(bare)
    return shard["stem"] if shard else NUMBER.sub("", bare)


def _check_parts(root: Path, files: list[File]) -> None:
    """`-of-00002`: parts of one count, each there once."""
    parts: dict[str, dict[int, list[tuple[int, str]]]] = {}
    for f in files:
        if shard := SHARD.fullmatch(_bare(f)):
            stem = f"{f.parent}/{shard['stem']}".lstrip("/")
            entry = int(shard["part"]), f.name
            parts.setdefault(stem, {}).setdefault(int(shard["parts"]), []).append(entry)
    for stem, counts in parts.items():
        split = MEANING.get(stem.rpartition("/")[2], stem) or "train"
        if len(counts) > 1:
            raise DataError(
                f"split {split!r} has files of {' and '.join(map(str, sorted(counts)))} parts: "
                "the same images may be there twice",
                where=str(root),
                got=", ".join(found[0][1] for _, found in sorted(counts.items())),
                hint="keep the files of one count",
            )
        ((total, found),) = counts.items()
        numbers = [number for number, _ in found]
        if len(set(numbers)) < len(numbers):
            twice = [name for number, name in found if numbers.count(number) > 1]
            raise DataError(
                f"split {split!r} has a part twice",
                where=str(root),
                got=", ".join(twice[:4]),
                hint="keep the files of one version",
            )
        first = 1 if 0 not in numbers and total in numbers else 0
        missing = sorted({*range(first, first + total)} - {*numbers})
        if missing or len(found) != total:
            raise DataError(
                f"split {split!r} is incomplete: {len(found)} of {total} files",
                where=str(root),
                got=f"missing part {', '.join(map(str, missing[:8]))}",
                hint="download the missing files",
            )


def _several(root: Path, configurations: dict[str, list[str]]) -> DataError:
    names = [f"{name or './'} ({len(of)} files)" for name, of in sorted(configurations.items())]
    one = next(name for name in sorted(configurations) if name)
    return DataError(
        "several configurations or groups of files in one folder",
        where=str(root),
        got=", ".join(names[:12]),
        hint=f"name one as the dataset: {root.name}/{one}, or rename the folders to train, val, "
        "test if they are splits",
    )


def _untold(root: Path, found: dict[str | None, list[File]]) -> DataError:
    groups = [f"{k or 'no split'}: {', '.join(f.name for f in v[:2])}" for k, v in found.items()]
    return DataError(
        "some files name a split and some do not",
        where=str(root),
        got="; ".join(groups),
        hint="rename the files so that each has train, val or test in its name, or put the others "
        "in another folder",
    )
