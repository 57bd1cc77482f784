"""All environment variables that datayield reads: folders, switches, processes."""

import os
from pathlib import Path
from typing import NamedTuple

from datayield.spec.errors import ConfigError


def data_dir() -> Path | None:
    """DATAYIELD_DATA: a folder whose sub-folders are datasets."""
    value = os.environ.get("DATAYIELD_DATA")
    return Path(value).expanduser() if value else None


def cache_dir() -> Path:
    """DATAYIELD_CACHE: decoded images and measurements of this machine; safe to delete.

    `$XDG_CACHE_HOME/datayield` or `~/.cache/datayield` unless set. Raises ConfigError if a file is
    in the way.
    """
    value = os.environ.get("DATAYIELD_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    path = Path(value).expanduser() if value else Path(home).expanduser() / "datayield"
    if path.exists() and not path.is_dir():
        raise ConfigError(
            "the cache path is a file, not a folder",
            where="DATAYIELD_CACHE",
            got=path,
            hint="set DATAYIELD_CACHE to a folder",
        )
    return path.absolute()


def store_dir() -> Path:
    """DATAYIELD_STORE: runs, results and reports; `./datayield-store` unless set."""
    return Path(os.environ.get("DATAYIELD_STORE") or "datayield-store").expanduser()


def compiling() -> bool:
    """DATAYIELD_COMPILE: 1 compiles encoders with torch.compile; off unless set."""
    return os.environ.get("DATAYIELD_COMPILE", "0") not in ("", "0")


def threads_wanted() -> bool:
    """OMP_NUM_THREADS: whether the user or the parent process set the number of threads."""
    return bool(os.environ.get("OMP_NUM_THREADS"))


class ProcessRank(NamedTuple):
    """The rank of this process among those that train together; 0 of 1 unless under torchrun."""

    rank: int
    local_rank: int  # on this machine
    processes: int


def process_rank() -> ProcessRank:
    """RANK, LOCAL_RANK, WORLD_SIZE, as torchrun sets them."""
    rank, local_rank = (int(os.environ.get(name) or 0) for name in ("RANK", "LOCAL_RANK"))
    return ProcessRank(rank, local_rank, int(os.environ.get("WORLD_SIZE") or 1))
