"""Published weights in a file on this machine, known by its bytes."""

import hashlib
import os
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Any

from pydantic import Field

from datayield.spec.environment import data_dir
from datayield.spec.errors import ConfigError
from datayield.spec.frozen import Frozen

WEIGHTS_SUFFIXES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")
WEIGHTS_NAME = "model.safetensors"  # the weights in an exported folder, and in those of the hub
READ_AT_ONCE = 1 << 20  # bytes


class WeightsFile(Frozen):
    """A safetensors file or a torch state dict, which an encoder starts from.

    `weights`: its path, relative to the folder DATAYIELD_DATA or absolute. `sha256`: of the file's
    bytes; it then stands for the path, so a moved or renamed file is the same weights. None while
    the file was not found.
    """

    weights: str = Field(min_length=1, max_length=4096)
    sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$")

    @property
    def name(self) -> str:
        """What tables and sentences call it: the file's name without its suffix.

        Of an exported folder, whose files are all called the same, it is the folder's.
        """
        path = PurePath(self.weights)
        if path.name == WEIGHTS_NAME and path.parent.name:
            return path.parent.name
        return path.stem if path.suffix in WEIGHTS_SUFFIXES else path.name

    @property
    def path(self) -> Path:
        """Where the file is expected."""
        home = data_dir()
        return Path(self.weights) if home is None else home / self.weights

    def found(self) -> Path:
        """The path of the file that is there, and is the one that was named.

        Raises ConfigError for no such file, or another content.
        """
        path = self.path
        if not path.is_file():
            raise ConfigError(
                "weights file not found",
                where=str(path),
                got=f"{path.name}, a folder" if path.is_dir() else path.name,
                allowed=_neighbours(path),
                hint="give a path relative to the study's folder or to DATAYIELD_DATA "
                f"({data_dir() or 'not set'}), or an absolute one",
                about=self.weights,
            )
        if self.sha256 is not None and file_digest(path) != self.sha256:
            raise ConfigError(
                "the weights file is not the one that was named",
                where=self.weights,
                got=f"sha256 {file_digest(path)}",
                allowed=f"sha256 {self.sha256}",
                hint="restore the file; or plan again, with the new sha256 or without one",
                about=self.weights,
            )
        return path


def with_digest(raw: dict[str, Any], folder: Path | None) -> dict[str, Any]:
    """`{weights: FILE}` as in a run's spec: the path located, the digest of the file added.

    FILE, or an exported folder that holds it, is looked for in `folder`, that of the study, then in
    DATAYIELD_DATA. A digest that is stated stays. `name`, a label of the study, is dropped.
    """
    made = {key: value for key, value in raw.items() if key != "name"}
    written = made.get("weights")
    if not isinstance(written, str) or not written:
        return made
    made["weights"] = _located(written, folder)
    path = WeightsFile(weights=made["weights"]).path
    if (path / WEIGHTS_NAME).is_file():  # an exported folder
        made["weights"], path = str(Path(made["weights"]) / WEIGHTS_NAME), path / WEIGHTS_NAME
    if made.get("sha256") is None and path.is_file():
        made["sha256"] = file_digest(path)
    return made


def file_digest(path: Path) -> str:
    """SHA-256 of the file's bytes; read once per process while size and time stay."""
    about = path.stat()
    return _digest(str(path), about.st_size, about.st_mtime_ns, about.st_ino)


@lru_cache(maxsize=256)
def _digest(path: str, size: int, changed: int, inode: int) -> str:
    sha = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(READ_AT_ONCE):
            sha.update(block)
    return sha.hexdigest()


def _located(written: str, folder: Path | None) -> str:
    """Absolute for a file of the study's folder; as written for one of DATAYIELD_DATA."""
    home, own = data_dir(), Path(written).expanduser()
    if folder is not None and not own.is_absolute():
        beside = folder / own
        explicit = written.startswith(".") or home is None
        if _is_there(beside) or (explicit and not (home and _is_there(home / own))):
            return os.path.normpath(beside.absolute())
    return str(own)


def _is_there(path: Path) -> bool:
    return path.is_file() or (path / WEIGHTS_NAME).is_file()


def _neighbours(path: Path) -> list[str]:
    """Weights files of the same folder, those of a similar name first."""
    if not path.parent.is_dir():
        return []
    names = sorted(p.name for p in path.parent.iterdir() if p.suffix in WEIGHTS_SUFFIXES)
    near = get_close_matches(path.name, names, n=3, cutoff=0.5)
    return [*near, *(name for name in names if name not in near)][:5]
