"""A table as a dataset: the images that it names, with the labels that it gives them.

So a few labelled images among many others are a dataset of their own, wherever the table lies:
beside the images, or beside the folder that they are in.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from datayield.data.sources.files import File, Tree, extension_of, image_extensions
from datayield.data.sources.folder import Folder
from datayield.data.sources.table_files import FileTable, is_image, read_table
from datayield.data.sources.tables import ENOUGH, FILE_COLUMNS, TEXTS, rows_of
from datayield.spec.errors import DataError

TRIED = 200  # values of a column, by which it and the folder of its images are known


class _Tried(NamedTuple):
    """A column whose values may be files below a folder: how many are, and one that is not."""

    there: int
    of: int
    absent: Path


def is_table(path: Path) -> bool:
    """Whether a file is a table by its name."""
    return path.suffix.lower() in TEXTS


def listed_images(path: Path) -> dict[str, Folder]:
    """Split -> the images that the table names; `{"train": all}` where it names no splits.

    Raises DataError where it cannot be read, or names no images that are there.
    """
    table, tried = read_table(path, "correct the file"), list[_Tried]()
    for root in _roots(path.parent):
        stems = _stems(root)
        for column in _columns(table):
            names = [*dict.fromkeys(_path(value) for value in table.columns[column] if value)]
            some = [root / stems.get(name, name) for name in names[:TRIED]]
            absent = [each for each in some if not each.is_file()]
            if some and len(absent) <= (1 - ENOUGH) * len(some):
                files = _files(root, (stems.get(name, name) for name in names))
                return _splits(root, path, Tree(tuple(sorted({*files}))))
            if absent:
                tried.append(_Tried(len(some) - len(absent), len(some), absent[0]))
    if not tried:
        raise DataError(
            "this table names no images",
            where=str(path),
            got=f"columns {', '.join(table.columns) or 'none'}",
            allowed="a column of file names, relative to the table or to a folder beside it",
            hint="name the column file_name, and put the table beside the images or their folder",
        )
    nearest = max(tried, key=lambda each: each.there)
    raise DataError(
        f"this table names {'few' if nearest.there else 'no'} images that are there",
        where=str(path),
        got=f"{nearest.there} of the first {nearest.of} files; missing: {nearest.absent}",
        allowed="names relative to the table or to a folder beside it",
        hint="correct the paths, or put the table beside the images or their folder",
    )


def _splits(root: Path, path: Path, tree: Tree) -> dict[str, Folder]:
    whole = Folder(root, given=tree, tables=(path,), classed=False)
    of_split = rows_of([("", path)], tree.files).splits
    names = sorted(set(of_split.values()))
    if len(names) < 2:
        return {"train": whole}
    parts = {name: tuple(f for f in tree.files if of_split.get(f.name) == name) for name in names}
    return {
        name: replace(
            whole, given=Tree(files), others={n: of for n, of in parts.items() if n != name}
        )
        for name, files in parts.items()
    }


def _roots(folder: Path) -> Iterator[Path]:
    """The folder of the table, then those in it."""
    yield folder
    with suppress(OSError), os.scandir(folder) as found:
        yield from sorted(
            Path(each.path) for each in found if each.is_dir() and not each.name.startswith(".")
        )


def _stems(folder: Path) -> dict[str, str]:
    """The images in a folder itself by their names without extension, as identifiers give them."""
    with suppress(OSError), os.scandir(folder) as found:
        names = [each.name for each in found if extension_of(each.name) in image_extensions()]
        return {name.rpartition(".")[0]: name for name in names}
    return {}


def _columns(table: FileTable) -> list[str]:
    """Those that may name files: by what they are called, then by their first value."""
    called = [c for spelling in FILE_COLUMNS for c in table.columns if c.lower() == spelling]
    first = {c: next((v for v in values if v), None) for c, values in table.columns.items()}
    return [*dict.fromkeys([*called, *(c for c, value in first.items() if is_image(value))])]


def _path(value: object) -> str:
    return os.path.normpath(str(value).strip().replace("\\", "/"))


def _files(root: Path, names: Iterable[str]) -> Iterator[File]:
    """The files of these names that are there; the others are told by the table's census."""
    for name in names:
        with suppress(OSError, ValueError):
            info = (root / name).stat()
            yield File(name, info.st_size, info.st_mtime_ns, info.st_ino, info.st_ctime_ns)
