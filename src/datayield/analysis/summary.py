"""From rows to points: the seeds of one cell of the study, together."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from datayield.analysis.rows import Row, StudyResults
from datayield.analysis.words import method_name
from datayield.spec.errors import DataError

ACCURACY = "accuracy"


class CurveKey(NamedTuple):
    """What stays fixed along a curve over N."""

    eval: str
    protocol: str
    metric: str
    method: str
    arm: str
    asked: str

    @property
    def name(self) -> str:
        """The curve within its evaluation: 'SimCLR, 20k images'."""
        return ", ".join(part for part in (method_name(self.method), self.asked, self.arm) if part)

    @property
    def place(self) -> str:
        """The evaluation with its protocol: 'category (linear@1)'."""
        return f"{self.eval} ({self.protocol})"


@dataclass(frozen=True, slots=True)
class Seeds:
    """The values of one cell, one per seed, in the order of the seeds."""

    values: tuple[tuple[int, float], ...]  # (seed, value)
    n_test: int

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
        """Smallest value: the lower edge of the band, which is no confidence interval."""
        return min(value for _, value in self.values)

    @property
    def high(self) -> float:
        """Largest value."""
        return max(value for _, value in self.values)


@dataclass(frozen=True, slots=True)
class Point:
    """One cell at one share of its budget."""

    key: CurveKey
    encoder: str
    n: int
    images: int
    share: float
    seeds: Seeds


BASELINES = ("untrained", "pretrained", "pixels")


@dataclass(frozen=True, slots=True)
class Baseline:
    """What pretraining must beat, under the same evaluation. Only `untrained` varies by seed."""

    kind: str  # untrained, pretrained or pixels
    eval: str
    metric: str
    encoder: str
    seeds: Seeds

    @property
    def name(self) -> str:
        """'untrained convnet', 'pretrained resnet18' or 'raw pixels'."""
        return "raw pixels" if self.kind == "pixels" else f"{self.kind} {self.encoder}".strip()


def points(results: StudyResults, metric: str = ACCURACY) -> list[Point]:
    """Every cell at every share, in the order of the study: evaluation, method, budget, N.

    Raises DataError where one cell holds two different values for one seed.
    """
    if ("points", metric) not in results.derived:
        results.derived["points", metric] = _points(results, metric)
    return list(results.derived["points", metric])


def _points(results: StudyResults, metric: str) -> list[Point]:
    groups: dict[tuple[CurveKey, str, int, int, float], list[Row]] = {}
    for row in results.rows:
        if row.kind == "run" and row.metric == metric:
            key = CurveKey(row.eval, row.protocol, metric, row.method, row.arm, row.asked)
            cell = (key, row.encoder, row.n, row.images, row.share)
            groups.setdefault(cell, []).append(row)
    found = [Point(*cell, seeds=_seeds(rows, str(cell[0]))) for cell, rows in groups.items()]
    evals = {spec.name: i for i, spec in enumerate(results.study.evaluations)}
    methods = {name: i for i, name in enumerate(results.study.axes.get("method", ()))}
    first: dict[CurveKey, int] = {}
    for p in found:
        first[p.key] = min(p.images, first.get(p.key, p.images))
    return sorted(
        found,
        key=lambda p: (
            (evals.get(p.key.eval, len(evals)), p.key.eval),
            (methods.get(p.key.method, len(methods)), p.key.method),
            p.key.arm,
            (first[p.key], p.key.asked),
            (p.n, p.images, p.share, p.encoder),
        ),
    )


def curves(results: StudyResults, metric: str = ACCURACY) -> dict[CurveKey, list[Point]]:
    """Curve -> its points at the evaluation's last share of the budget, by growing N."""
    every = points(results, metric)
    last: dict[str, float] = {}
    for point in every:
        last[point.key.eval] = max(point.share, last.get(point.key.eval, 0.0))
    found: dict[CurveKey, list[Point]] = {}
    for point in every:
        if point.share == last[point.key.eval]:
            found.setdefault(point.key, []).append(point)
    return found


def trajectories(results: StudyResults, metric: str) -> dict[tuple[CurveKey, int], list[Point]]:
    """(curve, N) -> its points over the share of the budget, where there are several."""
    found: dict[tuple[CurveKey, int], list[Point]] = {}
    for point in points(results, metric):
        found.setdefault((point.key, point.n), []).append(point)
    return {key: line for key, line in found.items() if len({p.share for p in line}) > 1}


def baselines(results: StudyResults, metric: str = ACCURACY) -> list[Baseline]:
    """Untrained encoders (with their seeds), published ones and pixels, for each evaluation."""
    groups: dict[tuple[str, str, str, str], list[Row]] = {}
    for row in results.rows:
        if row.kind != "run" and row.metric == metric:
            groups.setdefault((row.kind, row.eval, metric, row.encoder), []).append(row)
    found = [Baseline(*key, seeds=_seeds(rows, str(key))) for key, rows in groups.items()]
    return sorted(found, key=lambda b: (b.eval, BASELINES.index(b.kind), b.encoder))


def eval_names(keys: Iterable[CurveKey]) -> list[str]:
    """The evaluations of these curves, each once, in their order."""
    return list(dict.fromkeys(key.eval for key in keys))


def _seeds(rows: list[Row], where: str) -> Seeds:
    values: dict[int, float] = {}
    for row in rows:
        if values.setdefault(row.seed, row.value) != row.value:
            raise DataError(
                "two different values for one cell and seed",
                where=where,
                got=f"seed {row.seed}: {values[row.seed]} and {row.value}",
                hint="an axis that tells these runs apart is missing from the arm",
            )
    return Seeds(tuple(sorted(values.items())), min(row.n_test for row in rows))
