"""The effect of labels, with and without pretraining: evaluations that differ only in labels."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from math import log2

from datayield.analysis.format import listed_name
from datayield.analysis.label_ladders import label_ladders, shared_name
from datayield.analysis.model import (
    WORTH,
    CellWeights,
    Difference,
    GainVerdict,
    LayoutCell,
    NoiseModel,
    verdict_of_gain,
)
from datayield.analysis.results import Baseline, Point, Seeds, StudyResults
from datayield.spec.run import OVERLAYS


@dataclass(frozen=True, slots=True)
class Start:
    """One encoder that a probe starts from: a cell of the study, or a baseline.

    `cells`, `over_untrained`: by column of the table; None if not measured.
    `gain`: from the fewest to the most labels, `verdict` and all paired by seed.
    """

    name: str
    note: str  # method and budget, if the name does not say
    style: str  # name of the curve that it belongs to; "" for a baseline
    kind: str  # run, untrained, pretrained, weights or pixels
    cells: tuple[Seeds | None, ...]
    over_untrained: tuple[Difference | None, ...]
    gain: Difference | None
    verdict: GainVerdict


@dataclass(frozen=True, slots=True)
class LabelTable:
    """Scores by labelled images, one row per start: baselines, then cells in the study's order."""

    name: str
    place: str
    metric: str
    evals: tuple[str, ...]
    labels: tuple[int, ...]  # labelled images of each column, increasing
    starts: tuple[Start, ...]


def label_tables(results: StudyResults, worth: float = WORTH) -> list[LabelTable]:
    """A table for each ladder with results at two or more numbers of labels."""
    labels = {row.eval: row.n_train for row in results.rows if row.n_train}
    tables = []
    for ladder in label_ladders(results.study):
        evals = tuple(sorted((e for e in ladder if e in labels), key=labels.__getitem__))
        if len({labels[e] for e in evals}) > 1:
            tables.append(_table(results, evals, tuple(labels[e] for e in evals), worth))
    return tables


@dataclass(slots=True)
class _Line:
    """What one start measured, before it is compared."""

    name: str
    note: str
    style: str
    kind: str
    encoder: str
    method: str
    cells: dict[str, Seeds]


def _table(
    results: StudyResults, evals: tuple[str, ...], labels: tuple[int, ...], worth: float
) -> LabelTable:
    points = [p for line in results.main.curves.values() for p in line if p.key.eval in evals]
    bases = [b for b in results.main.baselines if b.eval in evals]
    lines = list(_lines(results, points, bases))
    noise = _layout(lines, dict(zip(evals, labels, strict=True)))
    over = _over_untrained(lines, evals, noise)
    gains = _gains(lines, evals, noise)
    spread = log2(labels[-1] / labels[0])
    starts = []
    for line, against, gain in zip(lines, over, gains, strict=True):
        cells = tuple(line.cells.get(name) for name in evals)
        verdict = verdict_of_gain(gain.per(spread), worth)[0] if gain else "inconclusive"
        starts.append(
            Start(line.name, line.note, line.style, line.kind, cells, against, gain, verdict)
        )
    first = points[0].key if points else None
    metric = first.metric if first else bases[0].metric
    name = shared_name(evals)
    place = first._replace(eval=name).place if first else name
    return LabelTable(name, place, metric, evals, labels, tuple(starts))


def _lines(results: StudyResults, points: list[Point], bases: list[Baseline]) -> Iterator[_Line]:
    lines: dict[tuple[object, ...], _Line] = {}
    named = not results.study.axes.keys().isdisjoint(OVERLAYS)
    sizes = {(p.key.name, p.n) for p in points}
    methods: dict[str, set[str]] = defaultdict(set)
    for p in points:
        methods[p.key.axes_label].add(p.key.method)
    many = {name for name, n in sizes if len({m for other, m in sizes if other == name}) > 1}
    for b in bases:
        line = _Line(b.name, "", "", b.kind, b.encoder, "", {})
        lines.setdefault((b.kind, b.encoder), line).cells[b.eval] = b.seeds
    for p in points:
        key = p.key
        size = f", N = {p.n:,}" if key.name in many else ""
        note = key._replace(axes=()).name if named else ""
        listed = listed_name(key.axes_label, key.method, methods[key.axes_label])
        name = listed if named else key.name + size
        line = _Line(name, note, key.name, "run", p.encoder, key.method, {})
        at = (key.method, key.axes, key.budget, p.encoder, p.n, p.images)
        lines.setdefault(at, line).cells[key.eval] = p.seeds
    yield from lines.values()


def _layout(lines: list[_Line], labels: dict[str, int]) -> NoiseModel:
    """One noise model for the table: along a start's labels the same weights are read."""
    return NoiseModel(
        [
            LayoutCell((i, name), seeds, (line.kind, line.method, line.encoder), i, labels[name])
            for i, line in enumerate(lines)
            for name, seeds in line.cells.items()
        ]
    )


def _over_untrained(
    lines: list[_Line], evals: tuple[str, ...], noise: NoiseModel
) -> list[tuple[Difference | None, ...]]:
    bare = {line.encoder: i for i, line in enumerate(lines) if line.kind == "untrained"}
    wanted: list[tuple[int, int, CellWeights]] = [
        (i, j, {(i, name): 1.0, (bare[line.encoder], name): -1.0})
        for i, line in enumerate(lines)
        if line.kind == "run" and line.encoder in bare
        for j, name in enumerate(evals)
        if name in line.cells and name in lines[bare[line.encoder]].cells
    ]
    diffs = noise.contrasts([weights for _, _, weights in wanted])
    at = {(i, j): d for (i, j, _), d in zip(wanted, diffs, strict=True)}
    return [tuple(at.get((i, j)) for j in range(len(evals))) for i in range(len(lines))]


def _gains(
    lines: list[_Line], evals: tuple[str, ...], noise: NoiseModel
) -> list[Difference | None]:
    ends = evals[0], evals[-1]
    whole = [i for i, line in enumerate(lines) if line.cells.keys() >= set(ends)]
    moves: list[CellWeights] = [{(i, ends[1]): 1.0, (i, ends[0]): -1.0} for i in whole]
    made = noise.contrasts(moves)
    at = dict(zip(whole, made, strict=True))
    return [at.get(i) for i in range(len(lines))]
