"""Tables that name image files and their labels: metadata.csv or .jsonl, a labels CSV, parquet."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from datayield.data.sources.files import File
from datayield.data.sources.label_columns import is_label
from datayield.data.sources.row_faults import (
    ABSENT,
    CONTRADICTED,
    Contradiction,
    Fault,
    contradictory,
    empty,
    merged_values,
    uneven,
)
from datayield.data.sources.table_files import FileTable, is_image, read_table
from datayield.data.splits import split_words
from datayield.spec.errors import DataError

NO_OTHERS: dict[str, Sequence[File]] = {}  # never changed
TEXTS = frozenset({".csv", ".tsv", ".jsonl"})
FILE_COLUMNS = (
    *("file_name", "filename", "file", "image", "img", "image_path", "path", "filepath"),
    *("image_name", "image_file", "file_path", "image_id", "img_path", "name", "id"),
)
SPLIT_COLUMNS = ("split", "set", "subset", "partition", "fold")
# What a collection keeps beside its images: who each is from, what was not collected, what it cost.
PROVENANCE, NOT_COLLECTED, COLLECTION = "provenance.csv", "not_collected.csv", "collection.json"
ORIGINS = ("source", "license", "model", "prompt")  # columns of it that images can be grouped by
ENOUGH = 0.5  # of a column's values must be names of files here for it to name the images


class UsedTable(NamedTuple):
    """A table that names files here, and what is wrong with its rows."""

    path: Path
    named: int  # files here
    labels: list[str]  # its columns that may be classes
    faults: list[Fault]  # rows of files that are not there, or of too few or too many cells
    empty: dict[str, list[Fault]]  # such a column -> rows without a value of it
    twice: dict[str, list[Fault]]  # such a column -> files with two values of it

    def lacking(self, column: str) -> int:
        """How many of the files that it names have no value of a column."""
        return len(self.empty.get(column, ())) + len(self.twice.get(column, ()))


class TableColumns(NamedTuple):
    """What tables say of the files that they name."""

    labels: list[str]  # columns that may be classes
    columns: dict[str, list[object]]  # column -> the value of each file [N], None without one
    splits: dict[str, str]  # file -> split
    tables: dict[str, UsedTable]  # name of each table that was used
    unused: dict[str, list[str]]  # table -> its other columns, where none can hold labels
    unmatched: list[str]  # tables that name no file


def rows_of(
    tables: Iterable[tuple[str, Path]],
    files: Sequence[File],
    top: str = "",
    others: Mapping[str, Sequence[File]] = NO_OTHERS,
) -> TableColumns:
    """What the tables (folder below the root, path) say of `files`.

    `top` is the folder of the split below that of its tables, `others` the files in those of the
    other splits, which the same tables may be about. A file with two different values of a column
    has none. Raises DataError where that is so for at least half of the files with a label.
    """
    rows = TableColumns([], {}, {}, {}, {}, [])
    names, named = _Names(files, top, others), dict[str, list[str]]()
    for folder, path in ((f, p) for f, p in tables if p.name != NOT_COLLECTED):
        table = read_table(path)
        table = _without_measurements(table) if path.name == PROVENANCE else table
        column = _file_column(table, folder, names)
        name_here = f"{folder}/{path.name}".lstrip("/")
        if column is None:
            if not _is_elsewhere(table, names):
                rows.unmatched.append(name_here)
            continue
        values = table.columns[column]
        found = [names.find(value, folder) for value in values]
        away = [
            i is None and value is not None and names.elsewhere(value)
            for value, i in zip(values, found, strict=True)
        ]
        faults = [
            (ABSENT, str(value))
            for value, i, other in zip(values, found, away, strict=True)
            if i is None and value is not None and not other
        ]
        here = len({*found} - {None})
        used = UsedTable(path, here, [], [*faults, *uneven(table, name_here, away)], {}, {})
        rows.tables[name_here] = used
        _add_columns(rows, table, column, found, files, name_here)
        more = [] if path.name == PROVENANCE else _others(table, column)
        if more and not {*more, "label"} & {*rows.labels}:
            rows.unused[name_here] = more
        words = split_words(path.stem)
        if len(words) == 1 and not {c.lower() for c in table.columns} & {*SPLIT_COLUMNS}:
            named.setdefault(words[0], []).extend(files[i].name for i in found if i is not None)
        for label in table.columns:
            if label.lower() in SPLIT_COLUMNS:
                for i, value in zip(found, table.columns[label], strict=True):
                    words = split_words(str(value)) if value is not None else []
                    if i is not None and len(words) == 1:
                        rows.splits[files[i].name] = words[0]
    if len(named) > 1 and not rows.splits:
        rows.splits.update(_splits_of(named, [*rows.tables]))
    for label, of in rows.columns.items():
        rows.columns[label] = [None if value is CONTRADICTED else value for value in of]
    return rows


def _without_measurements(table: FileTable) -> FileTable:
    """The columns of a provenance table that say something of groups of images, if any."""
    kept = (*FILE_COLUMNS, *ORIGINS)
    told = {n: of for n, of in table.columns.items() if n.lower() in kept or is_label(n)}
    used = {n: of for n, of in told.items() if any(value is not None for value in of)}
    return table._replace(columns=used)


def _splits_of(named: dict[str, list[str]], tables: list[str]) -> dict[str, str]:
    """The split of each file by the name of its table: train.csv, test.csv."""
    found: dict[str, str] = {}
    for split, names in named.items():
        for name in names:
            if found.setdefault(name, split) != split:
                raise DataError(
                    f"an image is in two splits: {found[name]} and {split}",
                    where=name,
                    got=", ".join(tables),
                    hint="remove it from one of the tables",
                )
    return found


def _add_columns(
    rows: TableColumns,
    table: FileTable,
    column: str,
    found: Sequence[int | None],
    files: Sequence[File],
    name_here: str,
) -> None:
    used = rows.tables[name_here]
    others = _others(table, column)
    labels = [c for c in others if is_label(c)]
    if not labels and (one_hot := _one_hot(table, others)) is not None:
        table.columns["label"], labels = one_hot, ["label"]
    told_classes = table.path.name == PROVENANCE
    if not labels and not told_classes and len(others) == 1 and _repeats(table, others[0]):
        labels = others
    once = _rows_by_file(found, len(files))
    wanted = [*dict.fromkeys([*labels, *others])]
    classes = [n for n in wanted if n in labels or (not told_classes and _repeats(table, n))]
    for name in wanted:
        if once is not None and name not in rows.columns:
            of = table.columns[name]
            rows.columns[name] = [None if row is None else of[row] for row in once]
            continue
        before = rows.columns.get(name, [None] * len(files))
        values, twice = merged_values(before, found, table.columns[name])
        if twice:
            told = zip(found, table.columns[name], strict=True)
            known = {i for i, value in told if i is not None and value is not None}
            most = 2 * len(twice) >= len(known)
            if most and name in labels:
                raise _several_values(table.path, name, twice, files)
            if most or name not in classes:
                continue  # images have several values: of no use, and no fault
            used.twice[name] = contradictory(name, name_here, twice, files)
        rows.columns[name] = values
    named = [*dict.fromkeys(i for i in found if i is not None)]
    for name in classes:
        if name in rows.columns:
            used.labels.append(name)
            used.empty[name] = empty(name, name_here, named, rows.columns[name], files)
            if name not in rows.labels:
                rows.labels.append(name)


def _several_values(
    path: Path, label: str, twice: Mapping[int, Contradiction], files: Sequence[File]
) -> DataError:
    """The error for a table of which most images have several labels."""
    i, values = next(iter(twice.items()))
    return DataError(
        f"{len(twice):,} images have two values of {label!r}, too many to leave them out",
        where=f"{path}, {files[i].name}",
        got=f"{values.one} and {values.other}",
        hint="keep one row per image; images of several classes cannot be evaluated",
    )


def _rows_by_file(found: Sequence[int | None], files: int) -> list[int | None] | None:
    """The row of each file; None if a file has several."""
    rows: list[int | None] = [None] * files
    for row, i in enumerate(found):
        if i is not None:
            if rows[i] is not None:
                return None
            rows[i] = row
    return rows


def _others(table: FileTable, column: str) -> list[str]:
    """The columns that say neither file nor split."""
    return [c for c in table.columns if c != column and c.lower() not in SPLIT_COLUMNS]


class _Names:
    """Files by their names, paths and stems."""

    def __init__(
        self, files: Sequence[File], top: str, others: Mapping[str, Sequence[File]]
    ) -> None:
        self.top, self.others = top, others
        self.paths = {f.name: i for i, f in enumerate(files)}
        self.by_name: dict[str, int | None] = {}
        for i, f in enumerate(files):
            base = f.name.rpartition("/")[2]
            for key in {base, base.rpartition(".")[0]}:
                self.by_name[key] = i if key not in self.by_name else None

    def find(self, value: object, folder: str) -> int | None:
        """The number of the file that a value of a table in `folder` names; None if not one."""
        if value is None:
            return None
        name = _path(value)
        first, slash, rest = name.partition("/")
        if slash and first in self.others:
            return None  # of another split, whatever files of this name there are here
        if slash and first == self.top and rest in self.paths:
            return self.paths[rest]
        for path in (f"{folder}/{name}".lstrip("/"), name):
            if path in self.paths:
                return self.paths[path]
        return self.by_name.get(name.rpartition("/")[2])

    def elsewhere(self, value: object) -> bool:
        """Whether it names a file of another split."""
        name = _path(value)
        return name.partition("/")[0] in self.others or name.rpartition("/")[2] in self._away

    @cached_property
    def _away(self) -> set[str]:
        """Names and stems of the files of other splits."""
        bases = {f.name.rpartition("/")[2] for files in self.others.values() for f in files}
        return bases | {base.rpartition(".")[0] for base in bases}


def _path(value: object) -> str:
    return str(value).strip().replace("\\", "/").removeprefix("./")


def _file_column(table: FileTable, folder: str, names: _Names) -> str | None:
    """The column whose values are names of the files; None if there is none."""
    by_name = [c for spelling in FILE_COLUMNS for c in table.columns if c.lower() == spelling]
    for column in dict.fromkeys([*by_name, *table.columns]):
        values = [v for v in table.columns[column][:1000] if v is not None]
        texts = column in by_name or any(is_image(v) for v in values[:1])
        hits = sum(names.find(v, folder) is not None for v in values) if texts else 0
        named = column.lower() in FILE_COLUMNS[:3] and any(is_image(v) for v in values[:1])
        if hits and (named or hits >= ENOUGH * len(values)):
            return column
    return None


def _is_elsewhere(table: FileTable, names: _Names) -> bool:
    """Whether a column names files of other splits."""
    return any(
        value is not None and names.elsewhere(value)
        for values in table.columns.values()
        for value in values[:1000]
    )


def _repeats(table: FileTable, column: str) -> bool:
    """Whether values of a column repeat, so that they may be classes: a study may name it."""
    values = table.columns[column]
    return column.lower() not in FILE_COLUMNS and 2 * len(
        {v for v in values if v is not None}
    ) <= len(values)


def _one_hot(table: FileTable, others: Sequence[str]) -> list[object] | None:
    """The class of each row where a column for each class holds 1 or 0; else None."""
    bits = {"0", "1", "0.0", "1.0"}
    held = [c for c in others if {str(v) for v in {*table.columns[c]}} <= bits]
    if len(held) < 2 or len(held) < len(others):
        return None
    rows = zip(*(table.columns[c] for c in held), strict=True)
    true = [[c for c, v in zip(held, row, strict=True) if str(v)[0] == "1"] for row in rows]
    return [of[0] for of in true] if all(len(of) == 1 for of in true) else None
