"""Folders of image files: a folder per class (nested or not), flat, or with a table of labels."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from datayield.data.census import NONE, PLAIN, UNKNOWN, Census, Noted, by_kind, noted, together
from datayield.data.source import UNLABELLED, Labels
from datayield.data.sources.files import File, Keys, Tree, by_type, keys_of, read_file, walk
from datayield.data.sources.label_columns import (
    Column,
    column_of,
    is_label,
    tested_by_default,
    with_default,
)
from datayield.data.sources.row_files import classes_in, labels_in
from datayield.data.sources.tables import (
    COLLECTION,
    NOT_COLLECTED,
    PROVENANCE,
    TEXTS,
    TableColumns,
    UsedTable,
    rows_of,
)
from datayield.spec.errors import DataError
from datayield.spec.identity import digest
from datayield.spec.run import Listing

# What folders beside images are called that hold no further images, but one picture for each.
MASKS = frozenset({"mask", "masks", "segmentation", "segmentations", "gt", "groundtruth", "depth"})


@dataclass(frozen=True)
class Folder:
    """The image files below `root`, sorted by name.

    The class of an image is its folder, without the folders that all classes lie in, or what a
    table (metadata.csv, a labels CSV) says of it.
    Images outside the class folders have no label; where they are not fewer than half of the
    others, the whole split is unlabeled. `also` names class folders of other splits, so that class
    numbers agree. `given` is the part of the tree that is meant, `tables` the tables above it, and
    `beside` what is said of the dataset's other files. `classed`: folder names are classes.
    `others`: folder -> files of the other splits, which the same tables may be about.
    """

    root: Path
    also: tuple[str, ...] = ()
    given: Tree | None = field(default=None, repr=False)
    tables: tuple[Path, ...] = ()
    beside: Census = PLAIN
    classed: bool = True
    top: str = ""  # its folder below that of the tables
    others: Mapping[str, Sequence[File]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def tree(self) -> Tree:
        """All files below `root`."""
        return walk(self.root) if self.given is None else self.given

    @cached_property
    def files(self) -> tuple[File, ...]:
        """All image files, sorted by name."""
        return self.tree.images

    def __len__(self) -> int:
        return len(self.files)

    def listing(self) -> Listing:
        return Listing(digest([[f.name, f.size] for f in self.files]), len(self))

    @cached_property
    def keys(self) -> Keys:
        """A hash of each file's name, size, time and inode."""
        return keys_of(self.files)

    @cached_property
    def stamp(self) -> str:
        labels = {name: column.numbers.tolist() for name, column in self._columns.items()}
        told = [self.classes, labels] if self._rows.tables else self.classes
        return digest([str(self.root), self.files, told], 24)

    @cached_property
    def census(self) -> Census:
        rows, beside = self._rows, self.beside
        kinds = {f.name for f in self.files} | {*rows.tables, *rows.unmatched}
        kinds |= {COLLECTION, NOT_COLLECTED} if PROVENANCE in rows.tables else set()
        partly = self._partly
        read = {name: of for name, of in rows.tables.items() if of.path not in partly}
        tested, without = self._tested_columns, self._without_label
        faults = [f for of in read.values() for column in of.twice.values() for f in column]
        faults += [f for of in read.values() for c in tested for f in of.empty.get(c, ())]
        faults += [fault for of in read.values() for fault in of.faults]
        ambiguous = dict(beside.ambiguous)
        if (
            not self._columns
            and (some := [f.name for f in self.files if f.parent])
            and len(some) < len(self)
            and self.classed
        ):
            outside = noted(f.name for f in self.files if not f.parent)
            ambiguous[
                f"{outside.number:,} images lie outside the class folders and {len(some):,} "
                "in them: no image has a label"
            ] = outside
        ambiguous |= self._nested
        ambiguous |= {
            f"{n:,} of {len(self):,} images have a {name!r} in a table, too few to use it": NONE
            for name, n in self._too_few(read).items()
        }
        ambiguous |= {
            f"no column of {name} is one of labels: {', '.join(columns)}": NONE
            for name, columns in rows.unused.items()
        }
        return Census(
            len(self),
            skipped=together(self.tree.skipped, beside.skipped, by_kind(faults)),
            ignored=together(
                by_type(f for f in self.tree.files if f.name not in kinds),
                by_kind(self.tree.unread),
                by_kind(("tables that name no image here", name) for name in rows.unmatched),
                beside.ignored,
            ),
            merged=together(
                by_kind(("labels from a table", n) for n in read if n != PROVENANCE),
                beside.merged,
            ),
            unlabelled=without,
            ambiguous=ambiguous,
            origins=self._origins,
            explained=max((sum(of.lacking(c) for of in read.values()) for c in tested), default=0),
            partly=partly,
        )

    @property
    def _origins(self) -> dict[str, dict[str, int]]:
        """Images by source and by licence, where a collection says it; `unknown` where it does not.

        The most frequent come first.
        """
        columns = self._rows.columns
        if PROVENANCE not in self._rows.tables:
            return {}
        counts = {
            name: Counter(str(v or UNKNOWN) for v in columns.get(name, [None] * len(self)))
            for name in ("source", "license")
        }
        return {name: dict(of.most_common()) for name, of in counts.items()}

    def _too_few(self, tables: Mapping[str, UsedTable]) -> dict[str, int]:
        """Columns of labels that are not used, since most images have none -> how many have one."""
        told = [c for of in tables.values() for c in tested_by_default(of.labels)]
        counts = {c: self._having([c]) for c in told if c not in self._columns}
        return {c: n for c, n in counts.items() if 2 * n <= len(self)}

    @property
    def _partly(self) -> dict[Path, int]:
        """Tables with too few labels for all images, and enough for those that they name."""
        none = not self._columns
        tables = [t for t in self._rows.tables.values() if none and t.path.suffix.lower() in TEXTS]
        counts = [(of, self._having(of.labels)) for of in tables]
        return {of.path: n for of, n in counts if 2 * n <= len(self) and 2 * n > of.named}

    def _having(self, columns: Sequence[str]) -> int:
        """How many images have a value of one of the columns."""
        values = zip(*(self._rows.columns[c] for c in columns), strict=True)
        return sum(any(v is not None and v != "" for v in row) for row in values)

    @property
    def _tested_columns(self) -> list[str]:
        """The columns of tables that are tested by default, by their own names."""
        tested = [self._columns[name] for name in tested_by_default(self._columns)]
        return [
            name
            for name in self._rows.labels
            if any(self._columns.get(name) is of is not self._folders for of in tested)
        ]

    @property
    def _without_label(self) -> Noted:
        named = [c for name, c in self._columns.items() if is_label(name)]
        if not named:
            return NONE
        missing = np.logical_or.reduce([c.numbers == UNLABELLED for c in named])
        return noted(self.files[i].name for i in np.flatnonzero(missing))

    @property
    def _nested(self) -> dict[str, Noted]:
        """Class folders that hold images and folders of images: each of these is a class."""
        if not self._has_class_folders:
            return {}
        parents = {f.parent for f in self.files} - {""}
        above = {"/".join(p.split("/")[:i]) for p in parents for i in range(1, p.count("/") + 1)}
        both = parents & above
        ending = {p for p in parents if p.rpartition("/")[2].lower() in MASKS}
        if ending and parents - ending:
            what = "folders of masks, by their names, are read as classes, and masks as images"
            return {what: noted(sorted(ending))}
        if not both:
            return {}
        inner = noted(p for p in sorted(parents) if any(p.startswith(f"{b}/") for b in both))
        return {f"{', '.join(sorted(both)[:3])}: a class of its own is each folder in it": inner}

    @cached_property
    def _rows(self) -> TableColumns:
        own = [
            (f.parent, self.root / f.name)
            for f in self.tree.files
            if f.extension in TEXTS or (f.extension == ".parquet" and not f.parent)
        ]
        above = (("", path) for path in self.tables)
        return rows_of([*own, *above], self.files, self.top, self.others)

    @cached_property
    def _columns(self) -> dict[str, Column]:
        told: dict[str, Column] = {}
        for name in self._rows.labels:
            column = column_of(self._rows.columns[name])
            if column is not None:
                told[name] = column
        told = with_default(told)
        folders = self._folders
        if folders is None or "label" not in told:
            return told if folders is None else {**told, "label": folders}
        if not _agree(folders, told["label"]):
            if len(folders.names) > 1:
                raise DataError(
                    "the class folders and the table of labels disagree",
                    where=str(self.root),
                    got=", ".join(self._rows.tables),
                    hint="remove the table, or move the images out of the class folders",
                )
            return told  # one folder for all is no class
        return told

    @cached_property
    def _folders(self) -> Column | None:
        """Labels by folder; None where there are no class folders, or as many images outside."""
        names = {f.parent for f in self.files} - {""}
        if not self._has_class_folders or (len(names) == 1 and self._rows.tables):
            return None
        ordered = sorted(names | {*self.also})
        above = _common_parent(ordered)
        place = {name: i for i, name in enumerate(ordered)} | {"": UNLABELLED}
        numbers = np.array([place[f.parent] for f in self.files], np.int64)
        return Column([name[len(above) :] for name in ordered], numbers)

    @property
    def _has_class_folders(self) -> bool:
        """Whether images lie in folders, and fewer than half as many outside them."""
        inside = sum(f.parent != "" for f in self.files)
        return self.classed and 2 * (len(self.files) - inside) < inside

    @property
    def group_columns(self) -> list[str]:
        """The columns of tables, and `folder`: that of each image, whatever its class."""
        return list(dict.fromkeys([*self._rows.columns, "folder"]))

    def groups(self, column: str) -> list[object]:
        if column in self._rows.columns:
            return self._rows.columns[column]
        return [f.parent or "." for f in self.files]

    @property
    def classes(self) -> dict[str, list[str]]:
        return classes_in(self._columns)

    @property
    def labels(self) -> dict[str, Labels]:
        return labels_in(self._columns)

    def names(self, i: int) -> str:
        return self.files[i].name

    def read(self, i: int) -> bytes:
        return read_file(self.root / self.files[i].name)


def _common_parent(folders: list[str]) -> str:
    """The part of the paths, up to a `/`, that says nothing because it is the same in all."""
    first, *others = ([*folder.split("/")[:-1]] for folder in folders)
    same = 0
    while same < len(first) and all(parts[: same + 1] == first[: same + 1] for parts in others):
        same += 1
    return "".join(f"{part}/" for part in first[:same])


def _agree(one: Column, other: Column) -> bool:
    """Whether two columns split the images in the same way."""
    pairs = {*zip(one.numbers.tolist(), other.numbers.tolist(), strict=True)}
    known = [(a, b) for a, b in pairs if UNLABELLED not in (a, b)]
    return len({a for a, _ in known}) == len(known) == len({b for _, b in known})
