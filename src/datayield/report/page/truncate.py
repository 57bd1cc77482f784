"""What of a large study is drawn: as many curves as a legend can name; the rest lies in files."""

from collections.abc import Iterable
from dataclasses import fields, replace
from itertools import chain, zip_longest
from typing import Any

from datayield.analysis.format import count
from datayield.analysis.results import CurveKey
from datayield.report.findings import Findings
from datayield.report.palette import styles
from datayield.spec.run import Budget
from datayield.spec.study import NamedAxes

CURVES, PANELS = 20, 6

_Name = tuple[str, NamedAxes, Budget | None]  # a curve, whatever it is evaluated on


def shown(f: Findings) -> tuple[Findings, str]:
    """The findings of the curves that are drawn, and a sentence on what is left out.

    Taken are the first in the order of the study, the methods by turns: never the best, which
    would be chosen by what they scored. The answer stays that of all curves.
    """
    keys = [*f.main, *f.rank, *f.scores]
    names = list(dict.fromkeys(map(_name, keys)))
    kept = set(_by_turns(names)[:CURVES])
    planes = {(method, axes, None) for method, axes, _ in kept}  # a grid is over all budgets
    some = {
        field.name: _only(getattr(f, field.name), kept | planes)
        for field in fields(f)
        if field.name not in ("results", "styles")
    }
    panels = list(dict.fromkeys(ledger.key for ledger in some["ledgers"]))[:PANELS]
    ledgers = [ledger for ledger in some["ledgers"] if ledger.key in panels]
    grids = some["grids"][:PANELS]
    if len(kept) == len(names) and (len(ledgers), len(grids)) == (len(f.ledgers), len(f.grids)):
        return f, ""
    look = styles([key for key in keys if _name(key) in kept])
    part = replace(f, **some | {"ledgers": ledgers, "grids": grids, "styles": look})
    curves = (
        f"{count(len(kept))} of {count(len(names))} curves (the first of the study, the methods by "
        "turns; none is chosen by its score) and "
    )
    return part, (
        f"This page shows {curves if len(kept) < len(names) else ''}at most {PANELS} grids and "
        "selections. The answer speaks of all; all are in the files beside this page."
    )


def _by_turns(names: list[_Name]) -> list[_Name]:
    of_method: dict[str, list[_Name]] = {}
    for name in names:
        of_method.setdefault(name[0], []).append(name)
    return [name for name in chain(*zip_longest(*of_method.values())) if name is not None]


def _only(value: Any, kept: set[_Name]) -> Any:
    """Mappings by curve, or by (curve, ...), and lists of what has a `key`, without the others."""
    if isinstance(value, dict):
        return {key: _only(v, kept) for key, v in value.items() if _is_kept(key, kept)}
    if isinstance(value, list):
        return [item for item in value if _is_kept(getattr(item, "key", None), kept)]
    return value


def _is_kept(key: object, kept: Iterable[_Name]) -> bool:
    if isinstance(key, tuple) and not isinstance(key, CurveKey):
        key = key[0] if key else None
    return not isinstance(key, CurveKey) or _name(key) in kept


def _name(key: CurveKey) -> _Name:
    return key.method, key.axes, key.budget
