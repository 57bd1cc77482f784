"""Nested settings of a run as flat ones, for trackers that hold a list of names and values."""

from collections.abc import Iterator, Mapping
from typing import Any


def flat(settings: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str | float | bool]]:
    """`{"optim": {"lr": 0.1}}` as ("optim.lr", 0.1); lists are text; what is unset is left out."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{before}{key}.")
        elif isinstance(value, str | int | float):
            yield f"{before}{key}", value
        elif value is not None:
            yield f"{before}{key}", ", ".join(map(str, value))
