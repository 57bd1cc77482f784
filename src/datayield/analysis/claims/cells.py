"""The cells that a claim is about: axis values as text -> scores by seed, and baselines."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from statistics import fmean
from typing import Any, NamedTuple

from datayield.analysis.cost import RunCosts
from datayield.analysis.decision import Ledger, best_on
from datayield.analysis.results import SCORE, Row, StudyItems, StudyResults
from datayield.spec.claims import ENDS, SELECTION_GAP, BestOn
from datayield.spec.study import COLUMN_AXES, value_words

SHARES_OF_ITEMS = ("accuracy", "balanced_accuracy", "miou", SCORE)
CellValues = frozenset[tuple[str, str]]  # (axis, value as text)
_HALF = 1.96


class NotAskedError(Exception):
    """The claim is not tested at this scale; the message says what the scale lacks."""


class UnansweredError(Exception):
    """The measurements are inconclusive; the message says why."""


@dataclass(frozen=True, slots=True)
class ClaimCell:
    """Scores of one cell by seed, in [0, 1] or as measured.

    `error`: standard error of one seed's score over test items, `items` names the test set, `rows`
    are where the values stand, unless they are derived. The values may be lower (`beyond`) or upper
    (`within`) bounds.
    """

    values: Mapping[int, float]
    error: float
    items: tuple[str, ...]
    n_test: int
    n: int
    n_train: int
    encoder: str
    dataset: str = ""  # pretrained on
    rows: Mapping[int, Row] = field(default_factory=dict)  # by seed
    beyond: bool = False
    within: bool = False

    @property
    def mean(self) -> float:
        """Plain mean over the seeds."""
        return fmean(self.values.values())


class Cells(NamedTuple):
    """`runs` by point; `bases` by (kind, encoder, evaluation as text; "" for a mean of several).

    `points`: whether the metric is a fraction of test items, so that effects are in points. `note`:
    what was held equal, or selected. `of_items`: which items were right.
    """

    runs: dict[CellValues, ClaimCell]
    bases: dict[tuple[str, str, str], ClaimCell]
    points: bool
    metric: str
    note: str = ""
    of_items: StudyItems | None = None


class ClaimData:
    """The evidence for claims: the study's results, its selection ledgers and the runs' costs.

    Claims often share cells, which are computed once.
    """

    def __init__(self, results: StudyResults, ledgers: list[Ledger], costs: RunCosts) -> None:
        self.results, self.ledgers, self.costs = results, ledgers, costs
        self._cells: dict[tuple[tuple[str, ...], str | None, BestOn | None, bool, bool], Cells] = {}

    @cached_property
    def test_sets(self) -> dict[str, str]:
        """Evaluation -> a text that identifies its test items."""
        evals = self.results.study.evaluations
        return {ev.name: f"{ev.dataset} {ev.test} {ev.label}" for ev in evals}

    def cells(
        self,
        names: Iterable[str],
        metric: str | None,
        *,
        by_eval: bool,
        by_share: bool,
        checkpoint: BestOn | None = None,
    ) -> Cells:
        """All cells of these measurements, separately or averaged per run.

        Unless `by_share`, at each run's `checkpoint`, or the last milestone of each evaluation.
        Raises NotAskedError.
        """
        key = (tuple(names), metric, checkpoint, by_eval, by_share)
        if key not in self._cells:
            self._cells[key] = _cells(self, *key)
        return self._cells[key]


def _cells(
    data: ClaimData,
    names: tuple[str, ...],
    metric: str | None,
    checkpoint: BestOn | None,
    by_eval: bool,
    by_share: bool,
) -> Cells:
    runs: dict[CellValues, list[ClaimCell]] = {}
    bases: dict[tuple[str, str, str], list[ClaimCell]] = {}
    for word, row, point in placed(data, names, metric, by_eval, by_share, checkpoint):
        if point is None:
            bases.setdefault((row.kind, row.encoder, word), []).append(cell_of(data, row))
        else:
            runs.setdefault(point, []).append(cell_of(data, row))
    used = {target[1] for name in names for target in measured(data.results, name, metric)}
    counted = all(m in SHARES_OF_ITEMS or m == SELECTION_GAP for m in used)
    return Cells(
        {point: merged(cells) for point, cells in runs.items()},
        {key: merged(cells) for key, cells in bases.items()},
        counted,
        metric or "",
        f"at each run's best checkpoint by validation on {checkpoint.best_on}"
        if checkpoint
        else "",
        of_items=data.results.items,
    )


def placed(
    data: ClaimData,
    names: Iterable[str],
    metric: str | None,
    by_eval: bool,
    by_share: bool,
    checkpoint: BestOn | None = None,
) -> Iterator[tuple[str, Row, CellValues | None]]:
    """(evaluation as text, "" for a mean of several; row; its point) of every run and baseline.

    A baseline has no point. Raises NotAskedError.
    """
    wanted = {name: measured(data.results, name, metric) for name in names}
    together = [target for targets in wanted.values() for target in targets]
    for word, targets in wanted.items() if by_eval else [("", together)]:
        rows = _rows(data, targets, by_share, checkpoint)
        for each in _averaged(rows, len(set(targets))):
            if each.kind != "run":
                yield word, each, None
                continue
            point = _point(data.results, each, by_share)
            if point is not None:
                yield word, each, point | {("eval", word)} if by_eval else point


def measured(results: StudyResults, name: str, metric: str | None) -> list[tuple[str, str]]:
    """(evaluation or group, metric) pairs that `name` stands for. Raises NotAskedError."""
    evals = {ev.name: ev for ev in results.study.evaluations}
    if name in evals:
        return [(name, metric or evals[name].main_metric)]
    groups = results.groups
    suites = {g.suite: g for g in groups}  # the last group of a suite holds all its tasks
    mine = [g for g in groups if name in (g.name, g.group)] or (
        [suites[name]] if name in suites else []
    )
    if mine:
        return [(mine[0].name, metric or SCORE)]
    of_group = [ev for ev in evals.values() if ev.group == name]
    if not of_group:
        raise NotAskedError(f"no evaluation measures {name}")
    return [(ev.name, metric or ev.main_metric) for ev in of_group]


def resolved(data: ClaimData, orders: Mapping[str, tuple[str, ...]], axis: str, value: Any) -> str:
    """A claim's value as text, with `first` and `last` resolved by the axis's order."""
    word = data.results.words(axis, value)
    if word in ENDS and word not in orders[axis]:
        return orders[axis][0 if word == "first" else -1]
    return word


def _rows(
    data: ClaimData, targets: list[tuple[str, str]], by_share: bool, checkpoint: BestOn | None
) -> list[Row]:
    selected = []
    pairs = set(targets)
    gaps = {name for name, metric in pairs if metric == SELECTION_GAP}
    if gaps:
        selected += [row for row in _gaps(data) if row.eval in gaps]
    rows = [row for row in data.results.rows if (row.eval, row.metric) in pairs]
    if checkpoint is not None:
        best = best_on(data.results, checkpoint.best_on, rows)
        return [row for row in rows if row.kind != "run" or best.get(row.run) == row.share]
    last: dict[str, float] = {}
    for row in rows:
        last[row.eval] = max(row.share, last.get(row.eval, 0.0))
    selected += [
        row
        for row in rows
        if row.kind != "run" or by_share or math.isclose(row.share, last[row.eval])
    ]
    return selected


def _gaps(data: ClaimData) -> list[Row]:
    """Best on test minus best on validation (of the pretraining data, if it is measured)."""
    rows = []
    for each in data.ledgers:
        chosen = [c for c in each.choices if c.kind == "validation"]
        if chosen:
            k = each.key
            rows += [
                Row("", "run", k.method, each.encoder, "", each.n, k.budget, each.images, 1.0,
                    k.axes, seed, k.eval, k.protocol, "", SELECTION_GAP, value, 0)
                for seed, value in chosen[-1].gap.values
            ]  # fmt: skip
    return rows


def _averaged(rows: list[Row], many: int) -> list[Row]:
    """One row per subject, seed and share: the mean over its evaluations, if none is missing."""
    subjects: dict[Row, dict[str, Row]] = {}
    for row in rows:
        same = row._replace(
            eval="", protocol="", group="", metric="", value=0.0, n_test=0, n_train=0,
            low=None, high=None, share=row.share if many == 1 or row.kind == "run" else 0.0,
        )  # fmt: skip
        subjects.setdefault(same, {})[row.eval] = row
    means = []
    for same, by_eval in subjects.items():
        if len(by_eval) < many:
            continue
        mine = list(by_eval.values())
        half = _HALF * math.hypot(*(_error(row) for row in mine)) / len(mine)
        value = fmean(row.value for row in mine)
        means.append(
            same._replace(
                eval=" + ".join(by_eval),
                mean_of=tuple((row.eval, row.metric) for row in mine),
                value=value,
                n_test=sum(row.n_test for row in mine),
                n_train=min(row.n_train for row in mine),
                low=value - half,
                high=value + half,
            )
        )
    return means


def _error(row: Row) -> float:
    if row.low is not None and row.high is not None:
        return (row.high - row.low) / 2 / _HALF
    if row.metric in SHARES_OF_ITEMS and row.n_test:
        return math.sqrt(max(row.value * (1 - row.value), 0.0) / row.n_test)
    return 0.0


def cell_of(data: ClaimData, row: Row) -> ClaimCell:
    """The cell of a single row."""
    names = [name for name, _ in row.mean_of] or [row.eval]
    return ClaimCell(
        {row.seed: row.value},
        _error(row),
        tuple(data.test_sets.get(name, name) for name in names),
        row.n_test,
        row.n,
        row.n_train,
        row.encoder,
        row.dataset,
        {row.seed: row},
    )


def merged(cells: list[ClaimCell]) -> ClaimCell:
    """Cells of single seeds as one cell."""
    values = {seed: value for cell in cells for seed, value in cell.values.items()}
    rows = {seed: row for cell in cells for seed, row in cell.rows.items()}
    error = math.sqrt(fmean(cell.error**2 for cell in cells))
    return replace(cells[0], values=values, error=error, rows=rows)


def _point(results: StudyResults, row: Row, by_share: bool) -> CellValues | None:
    """A run's position along the study's axes; None if its row has other axes."""
    study, named = results.study, dict(row.axes)
    count = results.count_words.get((row.axes, row.n), str(row.n))
    own = {"data.count": count, "method": row.method, "budget": row.budget_label}
    if named.keys() != {axis for axis in study.axes if axis not in COLUMN_AXES}:
        return None
    words = {axis: (own | named)[axis] for axis in study.axes if axis != "seed"}
    if by_share:
        words["share"] = value_words("share", row.share)
    return frozenset(words.items())
