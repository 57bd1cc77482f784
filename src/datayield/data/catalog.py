"""From the name of a dataset to the source of its images. Cheap to import."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from datayield.data import splits as split_names
from datayield.spec.environment import data_dir
from datayield.spec.errors import DataError, nearest
from datayield.spec.named_paths import near_path, without_dots

if TYPE_CHECKING:
    from datayield.data.source import Source
    from datayield.spec.run import Listing

Look = Callable[[str, str], "Source"]  # `find`, or `found_once`
EMBEDDED = ("digits", "sprites", "dsprites")


@dataclass(frozen=True)
class Entry:
    """One line of `datayield ls datasets`. A count is None if it would need every file."""

    name: str
    origin: str
    splits: dict[str, int | None]
    labels: tuple[str, ...] = ("label",)
    notes: str = ""
    options: tuple[str, ...] = field(default=())


def found_once() -> "Look":
    """As `find`, but each split is found once, and so are its labels: for one command."""
    return lru_cache(maxsize=None)(find)


def present(dataset: str, split: str, look: "Look | None" = None) -> "Listing":
    """As `split_listing`, of a split that needs no download; DataError also where it needs one."""
    source = (look or find)(dataset, split)
    if getattr(getattr(source, "whole", source), "fetched", True):
        return source.listing()
    raise DataError(
        f"{dataset} is not downloaded yet",
        where=f"dataset {dataset!r}, split {split!r}",
        hint="name it in any study, or make the suite `required: true`: a run downloads it",
    )


def find(dataset: str, split: str) -> "Source":
    """The source that `dataset` names; `split` may be a share of one, such as `train[80%:]`.

    A share may keep groups of images together: `train[:80% by patient]`.

    `digits`, `sprites?n=8192&shift=0.5`, `torchvision/CIFAR10`, a name below the folder
    $DATAYIELD_DATA, or a path (`./my_images`). Raises DataError if dataset or split is not there.
    """
    split, share, by = split_names.share_of(split)
    whole = _whole(dataset, split)
    if share is None:
        return whole
    from datayield.data.sources.split_share import Sliced, check_groups

    if by is not None:
        check_groups(whole, share, by, f"dataset {dataset!r}, split {split!r}")
    return Sliced(whole, share, by)


def _whole(dataset: str, split: str) -> "Source":
    base, _, query = dataset.partition("?")
    if query and base not in ("sprites", "dsprites"):
        raise DataError(
            "only sprites and dsprites accept options",
            where=f"dataset {dataset!r}",
            got=base,
            allowed=EMBEDDED,
            hint="remove the part from '?' on for any other dataset",
        )
    if base == "sprites":
        from datayield.data.sprites import sprites

        options = sprites.parse(query)
        split = split_names.chosen(split, sprites.SPLITS, dataset=dataset, where="built in")
        return sprites.Sprites(split, options)
    if base == "dsprites":
        from datayield.data.sources import dsprites

        split = split_names.chosen(split, dsprites.SPLITS, dataset=dataset, where="built in")
        return dsprites.DSprites(split, dsprites.parse(query))
    if base == "digits":
        from datayield.data.sources import digits

        split = split_names.chosen(split, digits.SPLITS, dataset=dataset, where="built in")
        return digits.Digits(split)
    if base.startswith("torchvision/"):
        return _torchvision(base.removeprefix("torchvision/"), split)
    return _below(folder_of(base), dataset, split)


def entries() -> list[Entry]:
    """All datasets that a study may name: built in, found in $DATAYIELD_DATA, torchvision's."""
    from datayield.data.sources import digits, dsprites
    from datayield.data.sources.torchvision_names import SETS
    from datayield.data.sprites import sprites
    from datayield.data.sprites.scene import CLASSES

    options = sprites.parse("")
    built_in = [
        Entry(
            "digits",
            "built in",
            dict(digits.SPLITS),
            labels=("digit", "ink"),
            notes="8 x 8 grey, scikit-learn",
        ),
        Entry(
            "sprites",
            "built in",
            {"train": options.n, "test": options.n_test},
            labels=tuple(CLASSES),
            notes="procedural, any number; shift=0..1 and clutter=0..1 change the distribution",
            options=tuple(sprites.DEFAULTS),
        ),
        Entry(
            "dsprites",
            "built in",
            {"train": dsprites.DspritesOptions().n, "test": dsprites.DspritesOptions().n_test},
            labels=("location", "orientation", "shape", "scale"),
            notes="737,280 images re-rendered: exact labels, outlines close to the published ones",
            options=tuple(dsprites.LIMITS),
        ),
    ]
    theirs = [
        Entry(
            f"torchvision/{name}",
            "torchvision, downloaded on first use",
            {split: info.images for split, info in named.splits.items()},
            labels=named.names,
        )
        for name, named in SETS.items()
    ]
    local = [_entry(folder) for folder in _below_data_dir()]
    return built_in + local + theirs


def splits_of(dataset: str) -> list[str]:
    """The names of a dataset's splits. Raises DataError if the dataset is not there."""
    base, _, _ = dataset.partition("?")
    found = next((list(e.splits) for e in entries() if e.name == base and e.splits), None)
    if found is None:
        from datayield.data.sources import layouts

        found = list(layouts.splits(folder_of(dataset)))
    usual = list(split_names.SPELLINGS)
    return sorted(found, key=lambda split: (usual.index(split) if split in usual else 99, split))


def siblings(dataset: str) -> tuple["Source", ...]:
    """All splits of a dataset of files; none of one whose images are computed or published."""
    if dataset.partition("?")[0] in EMBEDDED or dataset.startswith("torchvision/"):
        return ()
    from datayield.data.sources import layouts
    from datayield.data.sources.folder import Folder

    root = folder_of(dataset)
    try:
        return tuple(layouts.splits(root).values())
    except DataError:  # its splits are not clear, so that a study names folders
        return (Folder(root),)


def folder_of(name: str) -> Path:
    """The folder or file that a path, or a name below $DATAYIELD_DATA, means. Raises DataError."""
    home = data_dir()
    is_path = name.startswith((".", "/", "~")) or Path(name).is_absolute()
    looked = [] if is_path or home is None else [Path(without_dots(home / name))]
    if is_path or "/" in name:
        looked.append(Path(without_dots(Path(name).expanduser())))
    for folder in looked:
        if folder.is_dir() or folder.is_file():
            return folder
    from datayield.data.sources.torchvision_names import SETS

    known = [
        *EMBEDDED,
        *(folder.name for folder in _below_data_dir()),
        *(f"torchvision/{n}" for n in SETS),
    ]
    meant = "" if "/" not in name and nearest(name, known) else _near(name, is_path)
    if meant or is_path or Path(name).suffix:
        parents = [without_dots(each.parent) for each in looked or [Path(name).absolute()]]
        raise DataError(
            f"dataset {name!r} not found: there is no such file or folder",
            where=", ".join(parents),
            got=name,
            meant=meant,
            hint="check the path",
            about=name,
        )
    raise DataError(
        f"dataset {name!r} not found",
        where=", ".join(map(str, looked)) or "built in (DATAYIELD_DATA is not set)",
        got=name,
        allowed=[*known, "a path such as ./my_images"],
        hint="check the spelling, or set DATAYIELD_DATA to the folder that contains it",
        about=name,
    )


def _near(name: str, is_path: bool) -> str:
    """The path that is probably meant by one that is not there; empty where none is near."""
    if is_path:
        return near_path(name)
    here = name if Path(name).exists() else near_path(name)
    if here:
        return f"./{here}"  # a plain name is looked for in DATAYIELD_DATA alone
    home = data_dir()
    return "" if home is None else near_path(f"{home}/{name}").removeprefix(f"{home}/")


def same_dataset(one: str, other: str) -> bool:
    """Whether two names mean the same images: one name, or one folder or file by two paths."""
    if one == other:
        return True
    try:
        return folder_of(one).samefile(folder_of(other))
    except (DataError, OSError):  # a set that is built in, or no longer there
        return False


def _below(root: Path, dataset: str, split: str) -> "Source":
    """A split of whatever lies in a folder or a file: see `sources.layouts`."""
    from datayield.data.sources import layouts
    from datayield.data.sources.files import EXTENSIONS

    source = layouts.split_in(root, split)
    if source is None:
        found = layouts.splits(root)
        name = split_names.chosen(split, found, dataset=dataset, where=str(root))
        source = found[name]
    if not len(source):
        raise DataError(
            f"dataset {dataset!r} split {split!r} has no images",
            where=str(root),
            got="; ".join(source.census.lines()) or None,
            allowed=sorted(EXTENSIONS | {".parquet", ".arrow", ".tar", ".zip", ".npz"}),
            hint="give a folder of images, of class folders, of .parquet or of .tar files",
        )
    return source


def _torchvision(name: str, split: str) -> "Source":
    from datayield.data.sources.torchvision import TorchvisionSet
    from datayield.data.sources.torchvision_names import SETS

    named = f"torchvision/{name}"
    if name not in SETS:
        raise DataError(
            "unsupported torchvision dataset",
            where=named,
            got=name,
            allowed=list(SETS),
            hint="check the spelling, or provide the images as a folder",
            about=named,
        )
    chosen = split_names.chosen(split, SETS[name].splits, dataset=named, where="torchvision")
    return TorchvisionSet(name, chosen)


def _below_data_dir() -> list[Path]:
    home = data_dir()
    if home is None or not home.is_dir():
        return []
    from datayield.spec.run import WEIGHTS_SUFFIXES

    folders = [p for p in home.iterdir() if p.is_dir() and not p.name.startswith(".")]
    kinds = {folder: {path.suffix for path in folder.glob("*")} for folder in folders}
    return sorted(f for f in folders if not kinds[f] or kinds[f] - {*WEIGHTS_SUFFIXES})


def _entry(root: Path) -> Entry:
    """A folder of $DATAYIELD_DATA; archives are not unpacked and images not counted for it."""
    from datayield.data.sources import layouts
    from datayield.data.sources.parquet import Parquet

    try:
        if layouts.is_packed(root):
            return Entry(root.name, str(root), {}, (), "an archive, unpacked on first use")
        found = layouts.splits(root)
        rows = {split: source for split, source in found.items() if isinstance(source, Parquet)}
        if rows:
            labels = tuple(next(iter(rows.values())).label_columns)
            counts: dict[str, int | None] = {split: len(of) for split, of in rows.items()}
            return Entry(root.name, str(root), counts, labels, "parquet")
        kind = type(next(iter(found.values()))).__name__
    except DataError as error:
        return Entry(root.name, str(root), {}, (), error.message)
    named = {"WebDataset": "tar shards", "Npz": "arrays in .npz", "Arrow": "arrow"}
    return Entry(root.name, str(root), dict.fromkeys(found), notes=named.get(kind, "image files"))
