"""From rows to points: one cell of the study with all its seeds."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from datayield.analysis.format import method_name, metric_name
from datayield.analysis.results.rows import Row
from datayield.spec.errors import DataError
from datayield.spec.evaluation import PROTOCOLS
from datayield.spec.run import Budget
from datayield.spec.study import NamedAxes, Study, axes_label

MAIN = "main"  # each evaluation's main metric: accuracy, balanced accuracy or mIoU
CONFIDENCE = 0.95  # of every interval
_HALF = 1.96  # standard errors in half of a 95% interval


class CurveKey(NamedTuple):
    """What stays fixed along a curve over N."""

    eval: str
    protocol: str
    metric: str
    method: str
    axes: NamedAxes  # those that have no column of their own
    budget: Budget | None  # as the study states it; None where it varies

    @property
    def name(self) -> str:
        """The curve within its evaluation: 'SimCLR, 20k presented'."""
        budget = self.budget.display if self.budget else ""
        parts = (method_name(self.method), budget, self.axes_label)
        return ", ".join(part for part in parts if part)

    @property
    def budget_label(self) -> str:
        """The budget as tables write it: "100 epochs", "640k images"; "" where it varies."""
        return self.budget.label() if self.budget else ""

    @property
    def axes_label(self) -> str:
        """ "key=value, key=value"; "" where there are no axes."""
        return axes_label(self.axes)

    @property
    def at_fixed_epochs(self) -> bool:
        """Whether compute grows with N along the curve."""
        return self.budget is not None and self.budget.unit == "epochs"

    @property
    def place(self) -> str:
        """The evaluation with its protocol: 'category (linear@1)', 'roads (segment@1, mIoU)'."""
        named = self.metric in ("balanced_accuracy", "miou")
        other = f", {metric_name(self.metric)}" if named else ""
        return f"{self.eval} ({self.protocol}{other})"


@dataclass(frozen=True, slots=True)
class Seeds:
    """The values of one cell, one per seed, in the order of the seeds."""

    values: tuple[tuple[int, float], ...]  # (seed, value)
    n_test: int
    error: float | None = None  # standard error over test items of one seed's value; None: binomial
    counted: bool = True  # a fraction of test items, not of their pixels

    @property
    def test_error(self) -> float:
        """Standard error of one seed's value over another draw of test items."""
        if self.error is not None:
            return self.error
        return math.sqrt(self.mean * (1 - self.mean) / max(self.n_test, 1))

    @property
    def by_seed(self) -> dict[int, float]:
        """Seed -> value."""
        return dict(self.values)

    @property
    def mean(self) -> float:
        """Plain mean over the seeds."""
        return sum(value for _, value in self.values) / len(self.values)

    @property
    def low(self) -> float:
        """Smallest value: the lower edge of the band, which is not a confidence interval."""
        return min(value for _, value in self.values)

    @property
    def high(self) -> float:
        """Largest value."""
        return max(value for _, value in self.values)


@dataclass(frozen=True, slots=True)
class Point:
    """One cell at one fraction of its budget."""

    key: CurveKey
    encoder: str
    n: int
    images: int
    share: float
    seeds: Seeds


BASELINES = ("untrained", "pretrained", "weights", "pixels")


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline under the same evaluation. Only `untrained` varies by seed."""

    kind: str  # untrained, pretrained, weights or pixels
    eval: str
    metric: str
    encoder: str
    seeds: Seeds

    @property
    def name(self) -> str:
        """'untrained convnet', 'pretrained resnet18', 'weights lite0' or 'raw pixels'."""
        return "raw pixels" if self.kind == "pixels" else f"{self.kind} {self.encoder}".strip()


def key_of(row: Row) -> CurveKey:
    """The curve that a run's row is on."""
    return CurveKey(row.eval, row.protocol, row.metric, row.method, row.axes, row.budget)


def points_of(study: Study, rows: Iterable[Row]) -> list[Point]:
    """Every cell at every milestone, in the study's order: evaluation, method, axes, budget, N.

    Raises DataError if one cell has two different values for one seed.
    """
    groups: dict[tuple[CurveKey, str, int, int, float], list[Row]] = {}
    for row in rows:
        if row.kind == "run":
            key = key_of(row)
            cell = (key, row.encoder, row.n, row.images, row.share)
            groups.setdefault(cell, []).append(row)
    points = [
        Point(*cell, seeds=seeds_of(rows, f"{cell[0].place}, {cell[0].name}"))
        for cell, rows in groups.items()
    ]
    evals = {spec.name: i for i, spec in enumerate(study.evaluations)}
    methods = {name: i for i, name in enumerate(study.axes.get("method", ()))}
    axes = {each: i for i, each in enumerate(dict.fromkeys(p.key.axes for p in points))}
    first: dict[CurveKey, int] = {}
    for p in points:
        first[p.key] = min(p.images, first.get(p.key, p.images))
    return sorted(
        points,
        key=lambda p: (
            (evals.get(p.key.eval, len(evals)), p.key.eval),
            (methods.get(p.key.method, len(methods)), p.key.method),
            axes[p.key.axes],
            (first[p.key], p.key.budget_label),
            (p.n, p.images, p.share, p.encoder),
        ),
    )


def curves_of(every: list[Point]) -> dict[CurveKey, list[Point]]:
    """Curve -> its points at the evaluation's last milestone, by increasing N."""
    last: dict[str, float] = {}
    for point in every:
        last[point.key.eval] = max(point.share, last.get(point.key.eval, 0.0))
    curves: dict[CurveKey, list[Point]] = {}
    for point in every:
        if point.share == last[point.key.eval]:
            curves.setdefault(point.key, []).append(point)
    return curves


def trajectories_of(every: list[Point]) -> dict[tuple[CurveKey, int], list[Point]]:
    """(curve, N) -> its points over training, if there are several."""
    lines: dict[tuple[CurveKey, int], list[Point]] = {}
    for point in every:
        lines.setdefault((point.key, point.n), []).append(point)
    return {key: line for key, line in lines.items() if len({p.share for p in line}) > 1}


def baselines_of(rows: Iterable[Row]) -> list[Baseline]:
    """Untrained encoders (with their seeds), published ones and pixels, for each evaluation."""
    groups: dict[tuple[str, str, str, str], list[Row]] = {}
    for row in rows:
        if row.kind != "run":
            groups.setdefault((row.kind, row.eval, row.metric, row.encoder), []).append(row)
    baselines = [Baseline(*key, seeds=seeds_of(rows, str(key))) for key, rows in groups.items()]
    return sorted(baselines, key=lambda b: (b.eval, BASELINES.index(b.kind), b.encoder))


def eval_names(keys: Iterable[CurveKey]) -> list[str]:
    """The distinct evaluations of these curves, in their order."""
    return list(dict.fromkeys(key.eval for key in keys))


def main_rows(study: Study, rows: Iterable[Row], metric: str) -> Iterator[Row]:
    """Rows of one metric, or of each evaluation's main one, without means over tasks."""
    main = {ev.name: ev.main_metric for ev in study.evaluations}
    return (
        row
        for row in rows
        if row.metric == (main.get(row.eval, "accuracy") if metric == MAIN else metric)
    )


def seeds_of(rows: list[Row], where: str) -> Seeds:
    """The rows of one cell, one value per seed. Raises DataError if a seed has two."""
    values: dict[int, float] = {}
    for row in rows:
        if values.setdefault(row.seed, row.value) != row.value:
            raise DataError(
                "two different values for one cell and seed",
                where=where,
                got=f"seed {row.seed}: {values[row.seed]} and {row.value}",
                hint="an axis that distinguishes these runs is missing from the study",
            )
    known = [
        (row.high - row.low) / 2 / _HALF
        for row in rows
        if row.low is not None and row.high is not None
    ]
    error = (sum(e**2 for e in known) / len(known)) ** 0.5 if known else None
    n_test = min(row.n_test for row in rows)
    protocol = PROTOCOLS.get(rows[0].protocol)  # None for a mean over evaluations
    counted = protocol is None or protocol.per_image
    return Seeds(tuple(sorted(values.items())), n_test, error, counted)
