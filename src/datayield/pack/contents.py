"""What is in a pack besides records and tables: the names of its files, and its list of them.

A pack unpacked is a store: `runs/` and `studies/` are laid out as there.
"""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, ValidationError

from datayield.pack.archive import sha256_of
from datayield.spec.atomic_files import read_bytes, read_json
from datayield.spec.errors import PackError
from datayield.spec.frozen import Frozen
from datayield.spec.run import Budget

FORMAT = 1
MANIFEST = "pack.json"
STUDY_FILE = "study.yaml"  # as read
RESOLVED = "resolved.json"  # the study at its scale, with the digests of its data
CELLS = "cells.json"  # its points, which run each is, and what overrode the study file
CONTEXT = "context.json"  # what a report shows besides records
M = TypeVar("M", bound=Frozen)


class Manifest(Frozen):
    """What a pack is of, and every file in it."""

    format: int
    study: str
    scale: str
    done: int = Field(ge=0, description="runs and baselines that are finished")
    total: int = Field(ge=0)
    versions: dict[str, str] = Field(description="of what made the tables and the page")
    files: dict[str, str] = Field(description="name -> SHA-256")


class PackedCell(Frozen):
    """A point of the study: the values of its axes, its budget as written, the id of its run."""

    axes: dict[str, Any]
    budget: Budget
    run: str = Field(pattern="^[0-9a-f]{12}$")


class PackedCells(Frozen):
    """All points of the study, in its order, and the keys of its file that were overridden."""

    cells: tuple[PackedCell, ...]
    overrides: dict[str, Any] = Field(default_factory=dict, description="dotted key -> value")


def files_in(folder: Path) -> dict[str, str]:
    """Name -> SHA-256 of every file below a folder but the manifest, by name."""
    found = (each for each in folder.rglob("*") if each.is_file())
    names = sorted((each.relative_to(folder).as_posix(), each) for each in found)
    return {name: sha256_of(path) for name, path in names if name != MANIFEST}


def manifest_in(folder: Path, pack: Path) -> Manifest:
    """The manifest of a pack that was unpacked to `folder`.

    Raises PackError where there is none, or one of a newer format.
    """
    raw = read_json(folder / MANIFEST)
    if not isinstance(raw, dict) or not isinstance(raw.get("format"), int):
        raise PackError(
            f"not a pack of a study: no {MANIFEST} in it",
            where=str(pack),
            hint="datayield pack STUDY writes a pack",
        )
    if raw["format"] > FORMAT:
        raise PackError(
            "this pack was written by a newer version of datayield",
            where=f"{pack}: {MANIFEST}: format",
            got=raw["format"],
            allowed=f"up to {FORMAT}",
            hint="install a newer datayield to read it",
        )
    return part_in(folder, MANIFEST, Manifest, pack)


def part_in(folder: Path, name: str, model: type[M], pack: Path) -> M:
    """A file of an unpacked pack as a `model`. Raises PackError where it is missing or broken."""
    try:
        return model.model_validate_json(read_bytes(folder / name) or b"")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        at = ".".join(map(str, first["loc"]))
        raise PackError(
            f"a file of this pack is missing or broken: {name}",
            where=f"{pack}: {name}{f': {at}' if at else ''}",
            got=first["msg"],
            hint="fetch the pack again, or ask its author for another one",
        ) from None
