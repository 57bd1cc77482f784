"""Whether the runs and evaluations of a study have the values that its file states."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

MISSING = "(not there)"
# Parts that are spelled out, or only named: the runs hold something else for them.
APART = ("run", "init", "recipe", "as_published", "views", "budget")
Stated = tuple[str, tuple[str, ...], Any]  # where, the key in a run or evaluation, the value


def silently_changed(path: Path) -> list[str]:
    """What the file at `path` states and the study does not have: "base.batch: 3.5 -> 3"."""
    from datayield.session import open_study
    from datayield.spec.yaml_file import read_mapping

    raw, session = read_mapping(path, "study"), open_study(str(path))
    patch = (raw.get("scales") or {}).get(session.study.scale) or {}
    found = []
    for cell in session.cells:
        run = cell.run.model_dump(mode="json")
        run["budget"] = {cell.budget.unit: cell.budget.amount}
        found += _differing(_of_run(raw, patch, cell), run)
    evals = {ev.name: ev.model_dump(mode="json") for ev in session.study.evaluations}
    for entry in raw["evaluations"] if isinstance(raw["evaluations"], list) else []:
        if isinstance(entry, dict) and entry.get("name") in evals:
            stated = [(".".join(("evaluations", *p)), p, v) for p, v in _leaves(entry)]
            found += _differing(stated, evals[entry["name"]])
    return list(dict.fromkeys(found))


def _differing(stated: Iterable[Stated], has: dict[str, Any]) -> list[str]:
    return [
        f"{where}: {value!r} -> {held!r}"
        for where, key, value in stated
        if not _same(value, held := _at(has, key), key)
    ]


def _of_run(raw: dict[str, Any], patch: dict[str, Any], cell: Any) -> Iterator[Stated]:
    """What the file states of a cell's run: axes over recipes over base, without what is hidden."""
    recipes = (raw.get("recipes") or {}).get(cell.run.method.name) or {}
    over = {str(axis) for axis in cell.axes}
    for value in cell.axes.values():  # of the axes run and init
        over |= {".".join(p) for p, _ in _leaves(value)} if isinstance(value, dict) else set()
    over |= {".".join(p[1:]) for p, _ in _leaves(patch) if p[0] in ("base", "recipes")}
    yield from (
        (f"axes.{axis}", tuple(axis.split(".")), value)
        for axis, value in cell.axes.items()
        if not isinstance(value, dict)
        and axis.split(".")[0] not in APART
        and axis != "method"
        and not _overridden(axis, over - {axis})
    )
    for layer, value in (("recipes", recipes), ("base", raw["base"])):
        stated = [*_leaves(value)]
        for key, leaf in stated:
            if not _overridden(".".join(key), over):
                yield f"{layer}.{'.'.join(key)}", key, leaf
        over |= {".".join(key) for key, _ in stated}


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
    spelled_out = ("dataset", "stem", "classes", "where", "epochs")  # located or converted
    if key[0] in ("views", "init") or "trunk" in key or last in spelled_out:
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
