"""The log of a run: one JSON line per logged step. Lines that were cut or damaged are skipped."""

import json
from pathlib import Path
from typing import Any

NUMBERS = ("step", "share", "loss")


def read_log(path: Path) -> list[dict[str, Any]]:
    """The lines as dictionaries with at least `step`, `share` and `loss`; empty without a log."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    read = (_line(line) for line in text.splitlines(keepends=True) if line.endswith("\n"))
    return [line for line in read if line is not None]


def _line(text: str) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(line, dict):
        return None
    return line if all(isinstance(line.get(name), int | float) for name in NUMBERS) else None
