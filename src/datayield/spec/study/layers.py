"""Layers of a study as read from YAML: copied, and laid over one another."""

from typing import Any

from datayield.spec.run import Raw, give_way
from datayield.spec.study.weights import is_weights


def copied(value: Any) -> Any:
    """A deep copy of `value` as read from YAML."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    return [copied(item) for item in value] if isinstance(value, list) else value


def merge(into: Raw, patch: Raw) -> None:
    """Merge `patch` into `into` recursively.

    Replaced entirely: lists, budgets, `select`, and a part that gets another name, since the
    options of one encoder, method or optimizer do not apply to another.
    """
    for key, value in patch.items():
        old = into.get(key)
        if key == "stem" and value == "auto" and old is not None:
            continue  # auto gives way to what is stated
        if isinstance(value, dict) and isinstance(old, dict) and not _another(key, old, value):
            if key == "data":
                give_way(old, value)
            merge(old, value)
        else:
            into[key] = value


def _another(key: str, old: Raw, new: Raw) -> bool:
    name = old.get("name", new.get("name"))
    if key == "init" and (is_weights(old) or is_weights(new)):
        return True  # a file, or the digest of one, is no part of another start
    return key in ("budget", "trunk", "select") or new.get("name", name) != name
