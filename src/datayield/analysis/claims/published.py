"""A paper's numbers and ours along the same axis. Absolute scores are rarely comparable.

Ours are grouped by what the paper varies: images, budget, labels, views, projector. Only the scale
`paper` has the published setting, so only there is a difference in absolute scores a finding.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from datayield.analysis.format import listed_name, method_name
from datayield.analysis.label_ladders import label_ladders
from datayield.analysis.model import Difference, LayoutCell, NoiseModel
from datayield.analysis.results import Row, Seeds, StudyResults, seeds_of
from datayield.spec.claims import Axis, Published
from datayield.spec.run import OVERLAYS, RunSpec
from datayield.spec.study import NamedAxes, axes_label

AS_PUBLISHED = "paper"  # the scale whose absolute scores are comparable
_DRAWN = {"accuracy": "accuracy", "balanced_accuracy": "accuracy", "miou": "miou"}
# Axes of a study that give a run's position on the published axis, not which curve it is on.
_KNOBS: dict[Axis, tuple[str, ...]] = {
    "views": ("views",),
    "projector": ("method.projector",),
    "beta": ("method.beta", "method.orthogonality"),
}


_UNTRAINED = "untrained"


class PublishedPoint(NamedTuple):
    """One number at a position on the axis, in percent. Theirs: `low`, `high` are mean ± spread."""

    x: float
    mean: float
    low: float
    high: float
    seeds: int | None
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """One curve of a panel, by increasing x."""

    name: str
    method: str
    arm: str
    spots: tuple[PublishedPoint, ...]
    whole: Difference | None = None  # ours: last minus first, paired by seed
    untrained: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One evaluation's curves."""

    evaluation: str
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class PublishedComparison:
    """One published panel and ours; `ours` is None if no run of ours corresponds to it."""

    figure: str
    x: Axis
    metric: str
    theirs: Panel
    ours: Panel | None
    same_task: bool  # the evaluation has the same name
    comparable: bool  # and the setting is the published one


def compare_with_published(
    results: StudyResults, reference: tuple[Published, ...]
) -> list[PublishedComparison]:
    """Each published panel that has an axis and a value, with our evaluation next to it.

    Ours is the evaluation of the same name, else, for the first panel of a figure, the study's
    first with that metric, labelled as a stand-in.
    """
    comparisons = []
    mine: dict[tuple[Axis, str], dict[str, Panel]] = {}
    groups: dict[tuple[str, Axis, str], dict[str, list[Published]]] = defaultdict(dict)
    for row in reference:
        if row.x and row.value is not None and row.metric in _DRAWN:
            group = groups[row.figure, row.x, _DRAWN[row.metric]]
            group.setdefault(row.evaluation, []).append(row)
    for (figure, x, metric), panels in groups.items():
        if (x, metric) not in mine:
            mine[x, metric] = {p.evaluation: p for p in _ours(results, x, metric)}
        ours = mine[x, metric]
        named = {e: next((o for o in ours if same(o, e)), None) for e in panels}
        stand_in = None if any(named.values()) else next(iter(ours), None)
        for i, (evaluation, rows) in enumerate(panels.items()):
            name = named[evaluation] or (stand_in if i == 0 else None)
            known = named[evaluation] is not None
            comparisons.append(
                PublishedComparison(
                    figure,
                    x,
                    metric,
                    Panel(evaluation, tuple(_theirs(rows))),
                    ours[name] if name else None,
                    known,
                    known and results.study.scale == AS_PUBLISHED,
                )
            )
    return comparisons


def same(ours: str, theirs: str) -> bool:
    """Whether two names mean the same evaluation: 'tiny-imagenet' and 'tiny_imagenet'."""
    return _plain(ours) == _plain(theirs)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _theirs(rows: list[Published]) -> Iterator[Series]:
    lines: dict[tuple[str, str], list[PublishedPoint]] = defaultdict(list)
    for row in rows:
        if row.value is not None and row.at is not None:
            spread = row.spread or 0.0
            low, high = row.value - spread, row.value + spread
            spot = PublishedPoint(row.at, row.value, low, high, row.seeds, row.doubtful)
            lines[row.method, row.arm].append(spot)
    for (method, arm), spots in lines.items():
        name = ", ".join(part for part in (method_name(method), arm) if part)
        yield Series(name, method, arm, tuple(sorted(spots)))


def _ours(results: StudyResults, x: Axis, metric: str) -> Iterator[Panel]:
    """Our evaluations with curves along this axis, in the study's order, tasks of suites last.

    Along labels, the evaluations of a ladder form one panel.
    """
    ladder = {name: names for names in label_ladders(results.study) for name in names}
    last: dict[str, float] = {}
    rows = [r for r in results.main.rows if _DRAWN.get(r.metric) == metric]
    rows = [r for r in rows if r.kind in ("run", "untrained")]
    for row in rows:
        last[row.eval] = max(row.share, last.get(row.eval, 0.0))
    most = {names: max((r.n_train for r in rows if r.eval in names), default=0)
            for names in set(ladder.values())}  # fmt: skip
    cells: dict[str, dict[tuple[str, str, str], dict[float, list[Row]]]] = {}
    named = not results.study.axes.keys().isdisjoint(OVERLAYS)
    methods: dict[NamedAxes, set[str]] = defaultdict(set)
    for row in rows:
        methods[row.axes].add(row.method)
    order = [ev.name for ev in sorted(results.study.evaluations, key=lambda ev: bool(ev.part_of))]
    for row in sorted(rows, key=lambda r: order.index(r.eval) if r.eval in order else len(order)):
        if row.share < last[row.eval] and row.kind == "run":
            continue
        of_labels = x in ("labels", "label_fraction")
        if of_labels != (row.eval in ladder) and of_labels:
            continue
        at = _place(x, row, results.specs.get(row.run), most.get(ladder.get(row.eval, ()), 0))
        if at is not None:
            panel = _shared(ladder[row.eval][0], ladder[row.eval][-1]) if of_labels else row.eval
            lines = cells.setdefault(panel, {})
            lines.setdefault(_line(x, row, named, methods[row.axes]), {}).setdefault(at, []).append(
                row
            )
    for panel, lines in cells.items():
        yield Panel(panel, tuple(_curves(lines)))


def _shared(first: str, last: str) -> str:
    """The words that two names have in common: 'pets 250', 'pets 6000' -> 'pets'."""
    shared = [a for a, b in zip(first.split(), last.split(), strict=False) if a == b]
    return " ".join(shared) or f"{first} / {last}"


def _line(x: Axis, row: Row, named: bool, methods: set[str]) -> tuple[str, str, str]:
    """(name, method, arm) of the curve that a row is on, when `x` varies along it.

    `named`: the study lists its runs, each with its own name; `methods`: of those with its axes.
    """
    if row.kind == "untrained":
        return f"untrained {row.encoder}", "", _UNTRAINED
    arm = axes_label(tuple(pair for pair in row.axes if not _varies_along(x, pair[0])))
    if named and arm:  # listed runs have distinct names
        return listed_name(arm, row.method, methods), row.method, arm
    size = "" if x == "n" else f"N = {row.n:,}"
    budget = "" if x == "images" else row.budget_label
    parts = (method_name(row.method), budget, arm, size)
    return ", ".join(part for part in parts if part), row.method, arm


def _varies_along(x: Axis, axis: str) -> bool:
    """Whether an axis of the study moves runs along `x`, also as a nested key of `_KNOBS`."""
    return any(axis == knob or axis.startswith(f"{knob}.") for knob in _KNOBS.get(x, ()))


def _place(x: Axis, row: Row, spec: RunSpec | None, most: int) -> float | None:
    """A row's position on the axis; None if it has none."""
    if x == "labels":
        return row.n_train or None
    if x == "label_fraction":
        return row.n_train / most if row.n_train and most else None
    if row.kind != "run":
        return None
    if x == "n":
        return row.n or None
    if x == "images":
        return row.images or None
    if spec is None:
        return None
    if x == "views":
        return spec.view_count
    if x == "projector":
        widths = getattr(spec.method, "projector", None)
        return widths[-1] if widths else None
    beta = getattr(spec.method, "beta", None)
    return float(beta) if isinstance(beta, int | float) else None


def _curves(lines: dict[tuple[str, str, str], dict[float, list[Row]]]) -> Iterator[Series]:
    """The panel's curves, with one noise model."""
    curves: dict[tuple[str, str, str], dict[float, Seeds]] = {}
    for key, line in lines.items():
        alike = {x: rows for x, rows in sorted(line.items()) if _one_value_each(rows)}
        curves[key] = {x: seeds_of(rows, str(key)) for x, rows in alike.items()}
    noise = NoiseModel(
        [
            LayoutCell((key, x), each, key[1] or key, key, x)
            for key, seeds in curves.items()
            for x, each in seeds.items()
        ]
    )
    ends = {key: [*seeds] for key, seeds in curves.items() if len(seeds) > 1}
    diffs = noise.contrasts([{(key, x[-1]): 1.0, (key, x[0]): -1.0} for key, x in ends.items()])
    whole = dict(zip(ends, diffs, strict=True))
    for key, seeds in curves.items():
        if seeds:
            spots = tuple(_spot(x, s) for x, s in seeds.items())
            yield Series(*key, spots, whole.get(key), untrained=key[2] == _UNTRAINED)


def _one_value_each(rows: list[Row]) -> bool:
    """Whether each seed has one value here; otherwise something else varies, and it is no curve."""
    values: dict[int, set[float]] = defaultdict(set)
    for row in rows:
        values[row.seed].add(row.value)
    return all(len(each) == 1 for each in values.values())


def _spot(x: float, s: Seeds) -> PublishedPoint:
    return PublishedPoint(x, 100 * s.mean, 100 * s.low, 100 * s.high, len(s.values))
