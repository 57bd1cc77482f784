"""Limit a large study to as many curves as a legend can name; the rest is in files."""

from collections.abc import Set
from itertools import chain, zip_longest
from typing import TypeVar

from datayield.analysis.decision import Grid, Ledger, Peak
from datayield.analysis.findings import Findings
from datayield.analysis.format import count
from datayield.analysis.model import GroupGain
from datayield.analysis.results import CurveKey
from datayield.spec.run import Budget
from datayield.spec.study import NamedAxes

CURVES, PANELS = 20, 6

Value = TypeVar("Value")
OfCurve = TypeVar("OfCurve", Grid, Ledger, Peak, GroupGain)
_Name = tuple[str, NamedAxes, Budget | None]  # a curve, regardless of its evaluation


def truncated(f: Findings) -> tuple[Findings, str]:
    """The findings of the curves that are drawn, and a sentence on what is left out.

    The first in the study's order are kept, alternating between methods: never the best, which
    would be selected by score. The answer still covers all curves.
    """
    keys = [*f.main, *f.rank, *f.scores]
    names = list(dict.fromkeys(map(_name, keys)))
    kept = set(_by_turns(names)[:CURVES])
    planes = {(method, axes, None) for method, axes, _ in kept}  # a grid covers all budgets
    ledgers = _keyed(f.ledgers, kept)
    panels = list(dict.fromkeys(ledger.key for ledger in ledgers))[:PANELS]
    ledgers = [ledger for ledger in ledgers if ledger.key in panels]
    grids = _keyed(f.grids, planes)[:PANELS]
    if len(kept) == len(names) and (len(ledgers), len(grids)) == (len(f.ledgers), len(f.grids)):
        return f, ""
    part = Findings(  # every field by name: a new one has to be decided on here
        results=f.results,
        worth=f.worth,
        main=_curves(f.main, kept),
        rank=_curves(f.rank, kept),
        baselines=f.baselines,
        rank_baselines=f.rank_baselines,
        fits=_curves(f.fits, kept),
        gains=_curves(f.gains, kept),
        grids=grids,
        main_over_time=_courses(f.main_over_time, kept),
        rank_over_time=_courses(f.rank_over_time, kept),
        state_over_time={m: _courses(lines, kept) for m, lines in f.state_over_time.items()},
        ledgers=ledgers,
        over_baselines=f.over_baselines,
        scores_over_baselines=f.scores_over_baselines,
        peaks=_keyed(f.peaks, kept),
        labels=f.labels,
        claims=f.claims,
        scores=_curves(f.scores, kept),
        score_baselines=f.score_baselines,
        groups=f.groups,
        group_gains=_keyed(f.group_gains, kept),
        reference=f.reference,
        published=f.published,
        normalised=f.normalised,
        frontiers=f.frontiers,
        purchase=f.purchase,
    )
    told = (
        f"{count(len(kept))} of {count(len(names))} curves (the first of the study, alternating "
        "methods, never selected by score) and "
    )
    return part, (
        f"This page shows {told if len(kept) < len(names) else ''}at most {PANELS} grids and "
        "selections. The answer covers all of them, and the files next to this page list all."
    )


def _by_turns(names: list[_Name]) -> list[_Name]:
    of_method: dict[str, list[_Name]] = {}
    for name in names:
        of_method.setdefault(name[0], []).append(name)
    return [name for name in chain(*zip_longest(*of_method.values())) if name is not None]


def _curves(lines: dict[CurveKey, Value], kept: Set[_Name]) -> dict[CurveKey, Value]:
    return {key: value for key, value in lines.items() if _name(key) in kept}


def _courses(
    lines: dict[tuple[CurveKey, int], Value], kept: Set[_Name]
) -> dict[tuple[CurveKey, int], Value]:
    return {at: value for at, value in lines.items() if _name(at[0]) in kept}


def _keyed(of_curves: list[OfCurve], kept: Set[_Name]) -> list[OfCurve]:
    return [each for each in of_curves if _name(each.key) in kept]


def _name(key: CurveKey) -> _Name:
    return key.method, key.axes, key.budget
