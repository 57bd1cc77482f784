"""Whether the runs of a study have the values that its file states."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any


def silently_changed(path: Path) -> list[str]:
    """What the file at `path` states and the study does not have: "base.batch: 3.5 -> 3"."""
    from datayield.session import open_study
    from datayield.spec.yaml_file import read_mapping

    raw = read_mapping(path, "study")
    session = open_study(str(path))
    scale = session.study.scale
    patch = (raw.get("scales") or {}).get(scale) or {} if scale else {}
    found = []
    over = {str(axis) for axis in {**raw["axes"], **(patch.get("axes") or {})}}
    for value in (v for values in raw["axes"].values() for v in values if isinstance(v, dict)):
        over |= {".".join(p) for p, _ in _leaves(value)}  # of the axes run and init
    patched = {".".join(p) for p, _ in _leaves(patch)}
    for cell in session.cells:
        run = cell.run.model_dump(mode="json")
        run["budget"] = {cell.budget.unit: cell.budget.amount}
        recipes = (raw.get("recipes") or {}).get(cell.run.method.name) or {}
        own = {".".join(p) for p, _ in _leaves(recipes)}
        for key, value in _leaves(raw["base"]):
            dotted = ".".join(key)
            if _overridden(dotted, over | own) or _overridden(f"base.{dotted}", patched):
                continue
            has = _at(run, key)
            if not _same(value, has, key):
                found.append(f"base.{dotted}: {value!r} -> {has!r}")
    evals = {ev.name: ev.model_dump(mode="json") for ev in session.study.evaluations}
    for entry in raw["evaluations"] if isinstance(raw["evaluations"], list) else []:
        if isinstance(entry, dict) and entry.get("name") in evals:
            for key, value in _leaves(entry):
                has = _at(evals[entry["name"]], key)
                if not _same(value, has, key):
                    where = f"evaluations.{entry['name']}.{'.'.join(key)}"
                    found.append(f"{where}: {value!r} -> {has!r}")
    return list(dict.fromkeys(found))


MISSING = "(not there)"


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, str(key)))
    elif path:
        yield path, value


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return MISSING
        value = value[key]
    return value


def _overridden(dotted: str, by: set[str]) -> bool:
    return any(
        dotted == key or dotted.startswith(f"{key}.") or key.startswith(f"{dotted}.") for key in by
    )


def _same(written: Any, has: Any, key: tuple[str, ...]) -> bool:
    """Whether a value is that which was written, or what its short form stands for."""
    if written is None:
        return True  # the default
    last = key[-1]
    if isinstance(has, dict) and isinstance(written, str):  # method: simclr
        return True
    if (
        key[0] in ("views", "init")
        or "trunk" in key
        or last in ("dataset", "stem", "classes", "where", "epochs")
    ):
        return True
    if last == "count" or last.endswith("_count"):
        return isinstance(written, str) or _equal(written, has)
    return _equal(written, has)


def _equal(written: Any, has: Any) -> bool:
    if isinstance(written, list) and isinstance(has, list):
        return len(written) == len(has) and all(map(_equal, written, has))
    if isinstance(written, bool) or isinstance(has, bool):
        return written is has
    return bool(written == has)
