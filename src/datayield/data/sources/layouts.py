"""What lies in a folder or a file: parquet, arrow, tar, npz, archives, or files of images."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from datayield.data.census import Census, Noted, by_kind, together
from datayield.data.source import Source
from datayield.data.sources import archives, arrow, folder_splits, npz, parquet, shards
from datayield.data.sources import vtab_pack as pack
from datayield.data.sources.files import File, Tree, by_type, file_at, walk
from datayield.data.sources.listed_images import is_table, listed_images
from datayield.data.sources.row_images import (
    are_deep,
    are_the_dataset,
    in_arrow,
    in_npz,
    in_parquet,
)
from datayield.data.sources.unpacked import Unpacked, naming
from datayield.data.sources.webdataset import WebDataset, lone_archive
from datayield.spec.errors import DataError

Splits = Mapping[str, Source]
ARROW = (".arrow", ".feather")
# What belongs to a layout and is no image: not counted among files that are left out.
RECORDS = frozenset({"dataset_info.json", "state.json", "dataset_dict.json"})


class Kinds(NamedTuple):
    """The files of a tree that hold many images each, by what they are."""

    parquet: list[File]
    arrow: list[File]
    tar: list[File]
    zip: list[File]
    npz: list[File]


def splits(root: Path) -> Splits:
    """Split -> its images, for a folder or a single file. Raises DataError where it cannot be told.

    Nothing is decoded; archives are unpacked into the cache.
    """
    if root.is_file():
        if is_table(root):
            return listed_images(root)
        tree = Tree((file_at(root),))
        found = _held(root.parent, tree)
        if found is None:
            raise DataError(
                "this file is not a dataset",
                where=str(root),
                allowed="a folder, or one file of .parquet, .arrow, .tar (.tar.gz, .tar.zst), .zip "
                "or .npz, or a table of images (.csv, .tsv, .jsonl)",
            )
        return found
    if lists := pack.splits(root):
        return {name: pack.Pack(path) for name, path in lists.items()}
    tree = walk(root)
    found = _held(root, tree)
    return folder_splits.splits(root, tree) if found is None else found


def is_packed(root: Path) -> bool:
    """Whether reading the names of its files needs unpacking first."""
    tree = Tree((file_at(root),)) if root.is_file() else walk(root)
    kinds = _kinds(root, tree)
    return bool(kinds.zip) or any(archives.compression(f.name) for f in kinds.tar)


def split_in(root: Path, split: str) -> Source | None:
    """The split `train/` or `./`: one folder below `root`, or all of it, whatever the names say."""
    if not split.endswith("/"):
        return None
    folder = root / split
    if not folder.is_dir() or ".." in split:
        raise DataError(
            "no such folder", where=str(root), got=split, hint="a split that ends in / is a folder"
        )
    from datayield.data.sources.folder import Folder

    return Folder(folder)


def _held(root: Path, tree: Tree) -> Splits | None:
    """The splits of files that hold many images; None if there are no such files."""
    kinds = _kinds(root, tree)
    present = {name: files for name, files in kinds._asdict().items() if files}
    if not present:
        return None
    if len(present) > 1:
        told = [f"{len(f)} .{kind} ({f[0].name})" for kind, f in present.items()]
        raise DataError(
            "files of several kinds hold images in one folder",
            where=str(root),
            got=", ".join(told),
            hint="put each kind in a folder of its own, or name one file as the dataset",
        )
    ((kind, files),) = present.items()
    if kind == "npz":
        return _npz(root, files, tree)
    if kind == "zip":
        return _zip(root, files, tree)
    if kind == "tar":
        return _tar(root, files, tree)
    make: Callable[[tuple[Path, ...], Census], Source]
    make = parquet.Parquet if kind == "parquet" else arrow.Arrow
    groups = shards.grouped(root, files, named=True)
    return {
        split: make(tuple(root / f.name for f in part), _beside(tree, files))
        for split, part in groups.items()
    }


def _kinds(root: Path, tree: Tree) -> Kinds:
    found = Kinds([], [], [], [], [])
    for f in tree.files:
        base = f.name.rpartition("/")[2].lower()
        if f.extension == ".parquet":
            found.parquet.append(f)
        elif f.extension in ARROW and not base.startswith(("cache-", "indices")):
            found.arrow.append(f)
        elif f.extension == ".tar" or archives.compression(base):
            found.tar.append(f)
        elif f.extension == ".zip":
            found.zip.append(f)
        elif f.extension == ".npz":
            found.npz.append(f)
    images = len(tree.images)
    if found.arrow and images and not are_the_dataset(root, found.arrow, images, in_arrow):
        found.arrow.clear()
    others = found.arrow or found.tar or found.zip or found.npz or images
    some = found.parquet if are_deep(found.parquet) else found.parquet[:1]  # as are the others
    if some and others and not are_the_dataset(root, some, images, in_parquet):
        found.parquet.clear()  # metadata beside the images
    others = images or found.tar or found.parquet
    if found.npz and others and not are_the_dataset(root, found.npz, images, in_npz):
        found.npz.clear()
    return found


def _beside(tree: Tree, used: list[File], merged: Mapping[str, Noted] | None = None) -> Census:
    """What is said of all other files of the tree."""
    names = {f.name for f in used}
    others = [
        f for f in tree.files if f.name not in names and f.name.rpartition("/")[2] not in RECORDS
    ]
    images = {f.name for f in tree.images}
    loose = by_kind(("image files beside them", f.name) for f in others if f.name in images)
    rest = by_type(f for f in others if f.name not in images)
    return Census(0, skipped=tree.skipped, ignored=together(loose, rest), merged=merged or {})


def _npz(root: Path, files: list[File], tree: Tree) -> Splits:
    if len(files) == 1:
        path = root / files[0].name
        return {k: npz.Npz(path, m, _beside(tree, files)) for k, m in npz.splits(path).items()}
    found: dict[str, Source] = {}
    for split, part in shards.grouped(root, files, named=True).items():
        paths = [root / f.name for f in part]
        inner = npz.splits(paths[0])
        if len(paths) > 1 or len(inner) > 1:
            raise DataError(
                "several .npz files in one folder",
                where=str(root),
                got=", ".join(f.name for f in files[:8]),
                hint=f"name one file as the dataset: {root.name}/{files[0].name}",
            )
        found[split] = npz.Npz(paths[0], next(iter(inner.values())), _beside(tree, files))
    return found


def _zip(root: Path, files: list[File], tree: Tree) -> Splits:
    _check_alone(root, files, tree)
    if len(files) == 1:
        return _inside(root / files[0].name, _beside(tree, files))
    whole: dict[str, Source] = {}
    for split, part in shards.grouped(root, files, named=True).items():
        inner = _inside(root / part[0].name, _beside(tree, files))
        if len(part) > 1 or len(inner) > 1:
            raise DataError(
                "several archives in one folder",
                where=str(root),
                got=", ".join(f.name for f in files[:8]),
                hint="unpack them into one folder, or name one file as the dataset",
            )
        whole[split] = next(iter(inner.values()))
    return whole


def _check_alone(root: Path, archives: list[File], tree: Tree) -> None:
    """Raises DataError for images beside archives: they may be the same ones, unpacked."""
    if tree.images:
        raise DataError(
            "an archive and files of images lie in one folder",
            where=str(root),
            got=f"{archives[0].name} and {len(tree.images):,} images ({tree.images[0].name})",
            hint=f"name the archive as the dataset, {root.name}/{archives[0].name}, or write "
            "split: ./ for the images, or move one of the two",
        )


def _tar(root: Path, files: list[File], tree: Tree) -> Splits:
    plain = {f.name for f in files if f.extension == ".tar"}
    copies: list[File] = []
    kept: list[File] = []
    for f in files:
        end = archives.compression(f.name)
        (copies if end and f"{f.name[: -len(end)]}.tar" in plain else kept).append(f)
    beside = _beside(tree, files)
    if copies:
        told = by_kind(("compressed copies of .tar files", f.name) for f in copies)
        beside = beside._replace(ignored={**told, **beside.ignored})
    unpacked = [f for f in kept if archives.compression(f.name)]
    if unpacked:
        told = by_kind(("unpacked into the cache", f.name) for f in unpacked)
        beside = beside._replace(merged={**told, **beside.merged})
    groups = shards.grouped(root, kept, named=False)
    paths = {
        split: tuple(
            archives.decompressed(root / f.name) if archives.compression(f.name) else root / f.name
            for f in part
        )
        for split, part in groups.items()
    }
    every = [path for part in paths.values() for path in part]
    (first, *_) = kept
    if lone_archive(every):
        _check_alone(root, files, tree)
        return _inside(root / first.name, beside, every[0])
    return {split: WebDataset(part, beside) for split, part in paths.items()}


def _inside(archive: Path, beside: Census, tar: Path | None = None) -> Splits:
    """The splits of an archive; `tar`: what it is without its compression."""
    copy = archives.extracted(tar or archive)
    with naming(archive, copy):
        return {split: Unpacked(of, archive, copy, beside) for split, of in splits(copy).items()}
