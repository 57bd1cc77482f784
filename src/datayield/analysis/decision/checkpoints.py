"""The selection ledger: the score of each way to select a checkpoint, and of selecting on test.

A run with several milestones gives several models, one of which must be selected. Selecting on the
test set is optimistic; the ledger compares it with the last one, the best on validation (of the
task itself, and of a task on the pretraining data, whose gap on transfer tasks Olerinskiy 2026
found to grow with N), and the best by label-free criteria. Selection is per run; scores are then
averaged over seeds.
"""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple

from datayield.analysis.results import MAIN, CurveKey, Row, Seeds, StudyResults
from datayield.spec.evaluation import StudyEval
from datayield.spec.study import Study

LAST, VALIDATION, LOSS = "last", "best on validation", "lowest training loss"
BEST_ON_TEST = "best on test (optimistic)"
VALIDATED = "_val"  # after the name of a metric

ChoiceKind = Literal["last", "validation", "label-free", "loss", "test"]
_ORDER: tuple[ChoiceKind, ...] = ("last", "validation", "label-free", "loss", "test")
ScoreCourse = Mapping[float, float]  # fraction of the budget -> value


def _highest(value: float) -> float:
    return value


def _nearest_one(value: float) -> float:
    return -abs(value - 1)


# Label-free metrics, and what to maximise for each.
_CRITERIA: dict[str, tuple[str, Callable[[float], float]]] = {
    "effective_rank": ("highest effective rank", _highest),
    "rankme": ("highest RankMe", _highest),
    "alpha_req": ("alpha-ReQ nearest 1", _nearest_one),
    "lidar": ("highest LiDAR", _highest),
}
_CRITERIA |= {
    f"projection_{name}": (f"{label} of projections", good)
    for name, (label, good) in _CRITERIA.items()
}


class Choice(NamedTuple):
    """One way of selecting: the test score of its choice, and what it leaves on the table."""

    kind: ChoiceKind
    by: str  # the kind as text, with what it was judged on
    score: Seeds  # of the chosen checkpoint, per seed
    gap: Seeds  # best on test minus that score, per seed; never below 0
    shares: Seeds  # of the budget at the chosen checkpoint, per seed


@dataclass(frozen=True, slots=True)
class Ledger:
    """One cell of a study: its milestones and all choices, from `last` to `best on test`."""

    key: CurveKey
    n: int
    images: int
    encoder: str
    milestones: tuple[float, ...]  # above 0, that all its runs have
    choices: tuple[Choice, ...]


def ledgers(results: StudyResults, metric: str = MAIN) -> list[Ledger]:
    """Every cell evaluated at two or more fractions of the budget, in the study's order.

    Fraction 0 is not a milestone: it is the untrained encoder, a baseline. Only runs with a value
    at every milestone of their cell take part. A criterion is listed if each of these runs has it
    at every milestone; ties go to the earliest. `last` is the last milestone of the evaluation.
    The gap cannot be negative: even if milestones differ only by chance, the best on test is above
    the others.
    """
    shares: dict[tuple[Any, ...], set[float]] = {}
    for p in results.metric(metric).points:
        if p.share > 0:
            shares.setdefault((p.key, p.encoder, p.n, p.images), set()).add(p.share)
    several = {cell: tuple(sorted(seen)) for cell, seen in shares.items() if len(seen) > 1}
    if not several:
        return []
    scores = {metric, *(ev.main_metric for ev in results.study.evaluations)}
    lines = _lines(results, scores | {score + VALIDATED for score in scores} | _CRITERIA.keys())
    runs = _runs(results.metric(metric).rows)
    free = _label_free(lines)
    cell_ledgers = []
    for (key, encoder, n, images), milestones in several.items():
        cell = (key.eval, key.method, key.axes, key.budget, encoder, n, images)
        rows = [
            row
            for row in runs.get(cell, {}).values()
            if lines[key.eval, key.metric][row.run].keys() >= set(milestones)
        ]
        if rows:
            home = _at_home(results.study, lines, rows[0])
            by_seed = {row.seed: row.run for row in rows}
            choices = _choices(key, milestones, by_seed, lines, free, results.losses, home)
            cell_ledgers.append(Ledger(key, n, images, encoder, milestones, choices))
    return cell_ledgers


def criteria(cell_ledgers: list[Ledger]) -> list[str]:
    """All ways of selecting in these ledgers: last, validation, label-free, best on test."""
    kinds = {c.by: c.kind for ledger in cell_ledgers for c in ledger.choices}
    return sorted(kinds, key=lambda name: _ORDER.index(kinds[name]))


def best_on(results: StudyResults, judge: str, scored: Iterable[Row]) -> dict[str, float]:
    """Run -> the milestone with the best validation score of the evaluation `judge`.

    It is one at which all evaluations of that run in `scored` were measured; ties go to the
    earliest. Left out: runs with fewer than two such milestones.
    """
    metric = next(ev.main_metric for ev in results.study.evaluations if ev.name == judge)
    lines = _lines(results, {metric + VALIDATED})
    milestones: dict[str, dict[str, set[float]]] = {}
    for row in scored:
        milestones.setdefault(row.run, {}).setdefault(row.eval, set()).add(row.share)
    chosen = {}
    for run, by_eval in milestones.items():
        line = lines.get((judge, metric + VALIDATED), {}).get(run, {})
        shared = set.intersection(*by_eval.values()) & line.keys() - {0.0}
        if len(shared) > 1:
            chosen[run] = _earliest_best(line, tuple(sorted(shared)))
    return chosen


# (evaluation, metric) -> run -> its line
ScoreCourses = dict[tuple[str, str], dict[str, dict[float, float]]]


def _lines(results: StudyResults, metrics: Set[str]) -> ScoreCourses:
    lines: ScoreCourses = {}
    for (name, metric, kind), rows in results.measured.items():
        if metric in metrics and kind == "run":
            by_run = lines[name, metric] = dict[str, dict[float, float]]()
            for row in rows:
                by_run.setdefault(row.run, {})[row.share] = row.value
    return lines


def _runs(rows: Iterable[Row]) -> dict[tuple[Any, ...], dict[int, Row]]:
    """Cell -> seed -> a row of its run."""
    runs: dict[tuple[Any, ...], dict[int, Row]] = {}
    for row in rows:
        if row.kind == "run":
            runs.setdefault(_cell(row), {})[row.seed] = row
    return runs


def _at_home(study: Study, lines: ScoreCourses, row: Row) -> StudyEval | None:
    """The study's first evaluation with a validation score on the pretraining data of the run."""
    at_home = (
        ev
        for ev in study.evaluations
        if row.run in lines.get((ev.name, ev.main_metric + VALIDATED), {})
        and ev.dataset == row.dataset
    )
    return next(at_home, None)


def _cell(row: Row) -> tuple[Any, ...]:
    return (row.eval, row.method, row.axes, row.budget, row.encoder, row.n, row.images)


def _choices(
    key: CurveKey,
    milestones: tuple[float, ...],
    runs: dict[int, str],
    lines: ScoreCourses,
    free: list[tuple[str, str, str]],
    losses: Mapping[str, ScoreCourse],
    home: StudyEval | None,
) -> tuple[Choice, ...]:
    tests = _of(runs, lines, key.eval, key.metric)
    on_test = {seed: max(line[s] for s in milestones) for seed, line in tests.items()}
    choose = partial(_choice, milestones=milestones, tests=tests, on_test=on_test)
    in_time = {s: s for s in milestones}
    choices = [choose("last", LAST, dict.fromkeys(runs, in_time))]
    choices.append(
        choose("validation", VALIDATION, _of(runs, lines, key.eval, key.metric + VALIDATED))
    )
    if home and home.name != key.eval:
        judged = _of(runs, lines, home.name, home.main_metric + VALIDATED)
        choices.append(choose("validation", f"{VALIDATION} of {home.name}", judged))
    for name, measured, good in free:
        label, worth = _CRITERIA[measured]
        values = _of(runs, lines, name, measured)
        judged = {seed: {s: worth(v) for s, v in line.items()} for seed, line in values.items()}
        choices.append(choose("label-free", f"{label} ({good})" if good else label, judged))
    logged = {seed: {s: -v for s, v in losses.get(run, {}).items()} for seed, run in runs.items()}
    choices.append(choose("loss", LOSS, logged))
    choices.append(choose("test", BEST_ON_TEST, tests))
    return tuple(choice for choice in choices if choice is not None)


def _choice(
    kind: ChoiceKind,
    by: str,
    judged: Mapping[int, ScoreCourse],
    milestones: tuple[float, ...],
    tests: Mapping[int, ScoreCourse],
    on_test: Mapping[int, float],
) -> Choice | None:
    """Each seed's best milestone by the criterion; None if a value is missing."""
    score, gap, at = [], [], []
    for seed in sorted(judged):
        line, test = judged[seed], tests[seed]
        if any(s not in line for s in milestones):
            return None
        best = _earliest_best(line, milestones)
        score.append((seed, test[best]))
        gap.append((seed, on_test[seed] - test[best]))
        at.append((seed, best))
    return Choice(kind, by, *(Seeds(tuple(values), 0) for values in (score, gap, at)))


def _earliest_best(line: ScoreCourse, milestones: tuple[float, ...]) -> float:
    """`milestones` by increasing share."""
    return max(milestones, key=line.__getitem__)  # the first of equal ones


def _of(
    runs: dict[int, str], lines: ScoreCourses, name: str, metric: str
) -> dict[int, ScoreCourse]:
    by_run = lines.get((name, metric), {})
    return {seed: by_run.get(run, {}) for seed, run in runs.items()}


def _label_free(lines: ScoreCourses) -> list[tuple[str, str, str]]:
    """(evaluation, metric, evaluation to name where several measure that metric)."""
    label_free = []
    for metric in _CRITERIA:
        names = [name for name, measured in lines if measured == metric]
        label_free += [(name, metric, name if len(names) > 1 else "") for name in names]
    return label_free
