"""Where things are kept: the environment variables datayield reads, all of them."""

import os
from pathlib import Path


def data_dir() -> Path | None:
    """DATAYIELD_DATA: a folder whose sub-folders are datasets."""
    value = os.environ.get("DATAYIELD_DATA")
    return Path(value).expanduser() if value else None


def cache_dir() -> Path:
    """DATAYIELD_CACHE: decoded images and measurements of this machine; safe to delete."""
    value = os.environ.get("DATAYIELD_CACHE")
    if value:
        return Path(value).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "datayield"


def store_dir() -> Path:
    """DATAYIELD_STORE: runs, results and reports; `./datayield-store` unless set."""
    return Path(os.environ.get("DATAYIELD_STORE") or "datayield-store").expanduser()
