"""The images skipped in decoding, recorded with the stamps of the cache."""

import json
from contextlib import suppress
from typing import Any

from datayield.spec.environment import cache_dir


def left_out() -> list[dict[str, Any]]:
    """One entry per image that was skipped when its split was last decoded.

    Dataset, split, name and reason. Stamps that cannot be read are left out.
    """
    stamps = [
        (path.stat().st_mtime_ns, path)
        for path in (cache_dir() / "arrays" / "stamps").glob("*.json")
        if path.is_file()
    ]
    last: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for _, path in sorted(stamps):
        with suppress(OSError, ValueError, KeyError, TypeError):
            meta = json.loads(path.read_text(encoding="utf-8"))
            of = {"dataset": meta["dataset"], "split": meta["split"]}
            last[of["dataset"], of["split"]] = [of | skipped for skipped in meta["skipped"]]
    return [item for items in sorted(last.items()) for item in items[1]]
