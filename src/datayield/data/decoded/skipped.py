"""The images skipped in decoding, recorded with the stamps of the cache."""

import json
from typing import Any

from datayield.spec.environment import cache_dir


def left_out() -> list[dict[str, Any]]:
    """One entry per skipped image: dataset, split, name and reason."""
    items: dict[tuple[str, ...], dict[str, Any]] = {}
    for path in sorted((cache_dir() / "arrays" / "stamps").glob("*.json")):
        meta = json.loads(path.read_text(encoding="utf-8"))
        for skipped in meta["skipped"]:
            item = {"dataset": meta["dataset"], "split": meta["split"], **skipped}
            items[tuple(map(str, item.values()))] = item
    return list(items.values())
