"""Whether two files are equal, byte for byte; where they first differ, and by how much."""

import csv
import io
import math
from pathlib import Path

from datayield.spec.atomic_files import in_bytes

_SHOWN = 60  # characters of a row


def difference(packed: Path, rebuilt: Path) -> str:
    """What differs between a file of a pack and the same file made again; empty if nothing does."""
    if not packed.is_file():
        return "missing from the pack, but made from its records"
    if not rebuilt.is_file():
        return "in the pack, but not made from its records"
    first, second = packed.read_bytes(), rebuilt.read_bytes()
    if first == second:
        return ""
    try:
        rows = [each.decode().split("\n") for each in (first, second)]
    except UnicodeDecodeError:
        return f"{in_bytes(len(first))} packed, {in_bytes(len(second))} rebuilt"
    pairs = list(zip(*rows, strict=False))
    at = next((i for i, (a, b) in enumerate(pairs) if a != b), len(pairs))
    texts = [_around(lines, at, _first_column(pairs, at)) for lines in rows]
    rounding = _rounding(*rows) if packed.suffix == ".csv" else None
    note = (
        "" if rounding is None else f"; only numbers differ, by up to {rounding:.1g} of their size"
    )
    return f"row {at + 1}: packed {texts[0]}, rebuilt {texts[1]}{note}"


def _first_column(pairs: list[tuple[str, str]], at: int) -> int:
    """Where the row `at` first differs."""
    if at == len(pairs):
        return 0
    same = zip(*pairs[at], strict=False)
    return next((i for i, (a, b) in enumerate(same) if a != b), min(map(len, pairs[at])))


def _around(lines: list[str], at: int, column: int) -> str:
    """A part of the row that shows the column."""
    if at >= len(lines):
        return "has no such row"
    start = max(0, column - _SHOWN // 2)
    end = start + _SHOWN
    dots = "..." if start else "", "..." if end < len(lines[at]) else ""
    return repr(f"{dots[0]}{lines[at][start:end]}{dots[1]}")


def _rounding(first: list[str], second: list[str]) -> float | None:
    """The largest relative difference of two numbers, where nothing else differs; else None."""
    tables = [list(csv.reader(io.StringIO("\n".join(lines)))) for lines in (first, second)]
    if [len(row) for row in tables[0]] != [len(row) for row in tables[1]]:
        return None
    largest = 0.0
    for row, other in zip(*tables, strict=True):
        for a, b in zip(row, other, strict=True):
            if a == b:
                continue
            try:
                x, y = float(a), float(b)
            except ValueError:
                return None
            if not (math.isfinite(x) and math.isfinite(y)):
                return None
            largest = max(largest, abs(x - y) / max(abs(x), abs(y)))
    return largest
