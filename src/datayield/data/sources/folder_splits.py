"""Which folders of images are splits: by their names, by a table, or none of them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from datayield.data.census import NONE, Census, Noted, noted, together
from datayield.data.sources.files import File, Tree, by_type, walk
from datayield.data.sources.folder import Folder
from datayield.data.sources.tables import TEXTS, rows_of
from datayield.data.splits import names_split, split_words, words_of
from datayield.spec.errors import DataError


class _Tops:
    """The folders directly below a root that hold images."""

    def __init__(self, tree: Tree) -> None:
        self.images: dict[str, list[File]] = {}
        for f in tree.images:
            top, slash, _ = f.name.partition("/")
            self.images.setdefault(top if slash else "", []).append(f)
        self.folders = [name for name in self.images if name]

    def nested(self, name: str) -> bool:
        """Whether the images of a folder lie in folders of it."""
        return any(f.name.count("/") > 1 for f in self.images[name])


def splits(root: Path, tree: Tree | None = None) -> dict[str, Folder]:
    """Split -> its folder; `{"train": all of it}` for a folder without splits.

    Folders directly below are splits by their names (`train`, `val2017`, `Testing`,
    `birds-test`), if two are or nothing else exists, so that a class called `train` among vehicles
    is not mistaken for one. Raises DataError where that cannot be told.
    """
    tree = walk(root) if tree is None else tree
    tops = _Tops(tree)
    named = {name: split_words(name)[0] for name in tops.folders if names_split(name)}
    if not named:
        named = _by_one_word(tops.folders)
    if not named and len(tops.folders) == 1 and "" not in tops.images:
        (only,) = tops.folders
        below = splits(root / only, tree.below(only))
        if set(below) != {"train"}:  # one folder around the splits
            return {
                k: replace(v, tables=(*v.tables, *_tables(root, tree))) for k, v in below.items()
            }
    if not named:
        _check_not_in_classes(root, tree)
    others = [name for name in tops.folders if name not in named]
    if len(named) == 1 and others:
        if tops.nested(next(iter(named))):
            raise _untold(root, tops, next(iter(named)), others)
        word = next(iter(named))
        why = f"folder {word!r} is read as a class, as are {', '.join(sorted(others)[:3])}"
        return _whole(root, tree, {why: NONE})
    if not named:
        return _whole(root, tree, {})
    return _of_folders(root, tree, tops, named)


def _by_one_word(folders: list[str]) -> dict[str, str]:
    """`birds-train`, `birds-test`: folders whose names differ in nothing but the split."""
    told = {name: split_words(name) for name in folders}
    if len(folders) < 2 or any(len(words) != 1 for words in told.values()):
        return {}
    rest = {tuple(w for w in words_of(name) if not split_words(w)) for name in folders}
    return {name: words[0] for name, words in told.items()} if len(rest) == 1 else {}


def _whole(root: Path, tree: Tree, ambiguous: Mapping[str, Noted]) -> dict[str, Folder]:
    """One split, or those that a table names."""
    told = Folder(root, given=tree, beside=Census(0, ambiguous=ambiguous))
    tops = {f.name.partition("/")[0] for f in tree.images if "/" in f.name}
    recorded = {f.name for f in tree.files if "/" not in f.name}
    if tops and all(f"{top}_stats.json" in recorded for top in tops):  # img2dataset's folders
        told = replace(told, classed=False)
    own = [(f.parent, root / f.name) for f in tree.files if f.extension in TEXTS]
    by_table = rows_of(own, tree.images).splits if own else {}
    if len(set(by_table.values())) < 2:
        return {"train": told}
    without = noted(f.name for f in tree.images if f.name not in by_table)
    beside = Census(
        0, ignored={"images in no split of the table": without} if without.number else {}
    )
    used = {f.name for f in tree.images}
    parts = {}
    for split in sorted(set(by_table.values())):
        kept = tuple(f for f in tree.files if f.name not in used or by_table.get(f.name) == split)
        parts[split] = replace(told, given=Tree(kept, tree.unusable, tree.unread), beside=beside)
    return parts


def _of_folders(root: Path, tree: Tree, tops: _Tops, named: dict[str, str]) -> dict[str, Folder]:
    """Folders as splits; two of one meaning (train2014, train2017) keep their own names."""
    meanings = [*named.values()]
    keys = {
        name: word if meanings.count(word) == 1 else name.lower() for name, word in named.items()
    }
    outside = [f for name, files in tops.images.items() if name not in named for f in files]
    images, tables_there = {f.name for f in tree.images}, {f.name for f in _texts(tree)}
    loose = by_type(
        f
        for f in tree.files
        if f.name.partition("/")[0] not in named and f.name not in images | tables_there
    )
    ignored = {"images outside the splits": noted(f.name for f in outside)} if outside else {}
    ignored = together(ignored, loose)
    parts = {name: tree.below(name) for name in sorted(named)}
    inner = {name: _inner(part, [*parts.values()]) for name, part in parts.items()}
    above = {n: [root / n / f.name for f in _texts(parts[n])] for n in parts if inner[n]}
    parts = {n: part.below(inner[n]) if inner[n] else part for n, part in parts.items()}
    folders = {n: {f.parent for f in part.images} - {""} for n, part in parts.items()}
    found: dict[str, Folder] = {}
    for name, part in parts.items():
        if keys[name] in found:
            raise DataError(
                "two folders are the same split by their names",
                where=str(root),
                got=", ".join(f"{n}/ ({len(parts[n].images):,} images)" for n in parts),
                hint="rename one of them, or move its images into the other",
            )
        also = set[str]().union(*(folders[n] for n in parts if n != name))
        tables = tuple(
            path for path in _tables(root, tree) if split_words(path.stem) in ([], [named[name]])
        )
        beside = Census(0, ignored=ignored)
        tables = (*above.get(name, []), *tables)
        place = root / name / inner[name]
        others = {n: parts[n].images for n in parts if n != name} if tables else {}
        found[keys[name]] = Folder(
            place, tuple(sorted(also)), part, tables, beside, top=name, others=others
        )
    return found


def _check_not_in_classes(root: Path, tree: Tree) -> None:
    """Raises DataError for apple/train, apple/test: splits below the classes, if all have them."""
    below: dict[str, set[str]] = {}
    for f in tree.images:
        above, _, last = f.parent.rpartition("/")
        below.setdefault(above, set()).add(last)
    said = [{w for n in names for w in split_words(n)} for above, names in below.items() if above]
    if not said or any(len(words) < 2 for words in said) or "" in below:
        return
    if all(names_split(name) for above, names in below.items() for name in names):
        some = sorted(f"{above}/{name}" for above, names in below.items() for name in names)
        raise DataError(
            "splits lie in folders of the class folders, not the class folders in the splits",
            where=str(root),
            got=", ".join(some[:4]),
            hint="move them, so that the folders are train/CLASS and test/CLASS",
        )


def _inner(part: Tree, parts: list[Tree]) -> str:
    """The one folder of a split that says nothing: test_set/test_set/cat, train/train/1.png.

    Empty where there is none, or where another split has a folder of that name too.
    """
    tops = {f.name.partition("/")[0] if "/" in f.name else "" for f in part.images}
    (top, *more) = tops or {""}
    if more or not top:
        return ""
    elsewhere = any(f.name.startswith(f"{top}/") for p in parts if p is not part for f in p.images)
    nested = any(f.name.count("/") > 1 for f in part.images)
    return top if split_words(top) and (names_split(top) or nested) and not elsewhere else ""


def _texts(tree: Tree) -> list[File]:
    return [f for f in tree.files if "/" not in f.name and f.extension in TEXTS]


def _tables(root: Path, tree: Tree) -> tuple[Path, ...]:
    return tuple(root / f.name for f in _texts(tree))


def _untold(root: Path, tops: _Tops, split: str, others: list[str]) -> DataError:
    groups = [f"{name}/ ({len(tops.images[name]):,} images)" for name in [split, *sorted(others)]]
    return DataError(
        f"cannot tell whether {split!r} is a split beside other folders, or a class",
        where=str(root),
        got=", ".join(groups[:8]),
        hint=f"write split: {split}/ for that folder alone, or split: ./ for all as classes; or "
        "rename the folders to train, val, test",
    )
