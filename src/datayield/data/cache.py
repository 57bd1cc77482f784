"""Where decoded images and downloads are kept."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """`$DATAYIELD_CACHE`, else `$XDG_CACHE_HOME/datayield`, else `~/.cache/datayield`."""
    if own := os.environ.get("DATAYIELD_CACHE"):
        return Path(own).expanduser().absolute()
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home).expanduser().absolute() / "datayield"
