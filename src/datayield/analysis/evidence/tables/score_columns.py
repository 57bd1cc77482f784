"""Which columns are scores, of which task; of several for one task, the one to use."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from datayield.analysis.evidence.tables.column_names import ColumnName, column_name
from datayield.analysis.evidence.tables.roles import KNOWN_DATASETS, dataset_key
from datayield.analysis.evidence.tables.table import RawTable
from datayield.spec.errors import DataError

SPLITS = {"test": 0, "testing": 0, "heldout": 0, "holdout": 0, "eval": 1, "": 1, "val": 2,
          "valid": 2,
          "validation": 2, "dev": 2, "train": 3, "training": 3}  # fmt: skip
# What is measured -> which is preferred where one task has several. Higher is better.
GOOD = {
    "top1": 0, "accuracy": 1, "acc": 1, "score": 2, "performance": 2, "miou": 2, "iou": 3,
    "balanced_accuracy": 3, "map": 3, "auroc": 4, "auc": 4, "f1": 5, "ap": 5, "dice": 5,
    "precision": 6, "recall": 6, "kappa": 6, "metric": 7, "value": 7, "top5": 8,
}  # fmt: skip
ERRORS = {"error": 2.5, "err": 2.5, "err1": 1.5, "misclassification": 2.5, "errors": 2.5}
# Of scores; they are no scores themselves.
SPREADS = {"std", "sd", "stdev", "stddev", "stderr", "sem", "se", "±", "+/-", "ci", "ci95",
          "spread", "var",
           "variance", "low", "high", "lower", "upper", "margin"}  # fmt: skip
LOSSES = {
    "gain",
    "delta",
    "difference",
    "improvement",
    "change",
    "loss",
    "losses",
    "logloss",
    "nll",
    "perplexity",
    "rmse",
    "mse",
    "mae",
    "entropy",
    "lr",
    "time",
}
_QUALIFIERS = {"final": 0, "last": 0, "": 1, "mean": 1, "avg": 1, "average": 1, "latest": 1,
          "max": 2,
               "best": 2, "highest": 2, "min": 3, "macro": 1, "micro": 1, "rate": 1, "pct": 1,
               "percent": 1, "percentage": 1, "class": 1, "classification": 1}  # fmt: skip


class ScoreColumn(NamedTuple):
    """A column of scores. `task`: what its name says beside the metric, "" for nothing."""

    column: str
    task: str
    error: bool = False
    spread: str | None = None  # the column with its standard deviations
    standard_error: bool = False  # the spread is of the mean


class _Candidate(NamedTuple):
    column: str
    task: str
    error: bool
    split: int
    metric: float
    qualifier: int

    @property
    def order(self) -> tuple[int, float, int]:
        return self.split, self.metric, self.qualifier


def score_columns(table: RawTable, free: Sequence[str]) -> tuple[list[ScoreColumn], list[str]]:
    """The score columns among the free ones, and what a reader should know of the choice."""
    names = {column: column_name(column) for column in free}
    found = [c for column in free if (c := _candidate(table, column, names[column]))]
    if not found:
        _refuse_words(table, names)
        return _of_datasets(table, free)
    chosen, notes = [], []
    for task in dict.fromkeys(c.task for c in found):
        mine = sorted((c for c in found if c.task == task), key=lambda c: c.order)
        if len(mine) > 1 and mine[0].order == mine[1].order:
            same = [c.column for c in mine if c.order == mine[0].order]
            raise DataError(
                "several columns could be the score",
                where=table.source,
                got=", ".join(same),
                hint=f'name one: --score "{same[0]}"',
            )
        chosen.append(mine[0])
        if len(mine) > 1:
            others = ", ".join(c.column for c in mine[1:])
            notes.append(f"score = {mine[0].column}; not used: {others}")
    chosen = _without_means(_without_training(chosen, notes), notes)
    spreads = _spreads(names)
    return [
        ScoreColumn(c.column, c.task, c.error, *spreads.get(c.column, _guess(spreads, chosen)))
        for c in chosen
    ], notes


def named_scores(
    scores: Iterable[str], errors: Iterable[str], table: RawTable
) -> list[ScoreColumn]:
    """The columns that a person names."""
    spreads = _spreads({column: column_name(column) for column in table.names})
    both = [(c, False) for c in scores] + [(c, True) for c in errors]
    return [
        ScoreColumn(
            c, _task(column_name(c)) if len(both) > 1 else "", e, *spreads.get(c, (None, False))
        )
        for c, e in both
    ]


def metric_order(metric: str) -> tuple[int, float, int] | None:
    """How much a metric in a long table is preferred; None if it is no score."""
    parts = _parts(column_name(metric))
    return None if parts is None else (parts.split, parts.metric, parts.qualifier)


def is_error(metric: str) -> bool:
    """Whether lower is better."""
    return any(word in ERRORS for word in column_name(metric).words)


class _Parts(NamedTuple):
    split: int
    metric: float
    qualifier: int
    rest: tuple[str, ...]
    error: bool


def _parts(name: ColumnName) -> _Parts | None:
    words = set(name.words)
    metrics = [w for w in name.words if w in GOOD or w in ERRORS]
    if not metrics or words & (SPREADS | LOSSES) or "n" in words:
        return None
    error = any(w in ERRORS for w in metrics)
    metric = min({**GOOD, **ERRORS}[w] for w in metrics) + (2 if "balanced" in words else 0)
    splits = [SPLITS[w] for w in name.words if w in SPLITS]
    qualifiers = [_QUALIFIERS[w] for w in name.words if w in _QUALIFIERS]
    used = {*metrics, *SPLITS, *_QUALIFIERS, "balanced"}
    rest = tuple(w for w in name.words if w not in used)
    split = min(splits) if splits else SPLITS[""]
    return _Parts(split, metric, max(qualifiers, default=1), rest, error)


def _task(name: ColumnName) -> str:
    parts = _parts(name)
    return " ".join(name.words if parts is None else parts.rest)


def _candidate(table: RawTable, column: str, name: ColumnName) -> _Candidate | None:
    parts = _parts(name)
    if parts is None or not table.numbers(column):
        return None
    return _Candidate(
        column, " ".join(parts.rest), parts.error, parts.split, parts.metric, parts.qualifier
    )


def _refuse_words(table: RawTable, names: dict[str, ColumnName]) -> None:
    """A column that is called a score and holds none is what is wrong."""
    for column, name in names.items():
        if _parts(name) is not None and table.column(column):
            raise DataError(
                "the score holds no numbers",
                where=f"{table.source}: column {column!r}",
                got=", ".join(dict.fromkeys(table.column(column)[:4])),
                hint="name another column: --score COLUMN",
            )


def _without_training(chosen: list[_Candidate], notes: list[str]) -> list[_Candidate]:
    """Without scores on training images, unless there are no others."""
    training = [c for c in chosen if c.split == SPLITS["train"]]
    if not training:
        return chosen
    names = ", ".join(c.column for c in training)
    if len(training) == len(chosen):
        notes.append(f"{names}: measured on training images, which is optimistic")
        return chosen
    notes.append(f"{names}: measured on training images, not used")
    return [c for c in chosen if c not in training]


def _without_means(chosen: list[_Candidate], notes: list[str]) -> list[_Candidate]:
    """Without the mean over tasks, where the tasks are there."""
    if len(chosen) < 3:
        return chosen
    mean = [
        c
        for c in chosen
        if not c.task and {"mean", "avg", "average"} & set(column_name(c.column).words)
    ]
    if mean:
        notes.append(f"{mean[0].column} is a mean of other columns: not used")
    return [c for c in chosen if c not in mean]


def _spreads(names: dict[str, ColumnName]) -> dict[str, tuple[str, bool]]:
    """Score column -> the column with its standard deviations, and whether they are of a mean."""
    found: dict[str, tuple[str, bool]] = {}
    by_words = {frozenset(n.words) - set(_QUALIFIERS): c for c, n in names.items()}
    for column, name in names.items():
        marks = set(name.words) & {
            "std",
            "sd",
            "stdev",
            "stddev",
            "±",
            "+/-",
            "stderr",
            "sem",
            "se",
            "spread",
        }
        if marks:
            of = by_words.get(frozenset(set(name.words) - marks - set(_QUALIFIERS)), "")
            found[of] = (column, bool(marks & {"stderr", "sem", "se"}))
    return found


def _guess(
    spreads: dict[str, tuple[str, bool]], chosen: list[_Candidate]
) -> tuple[str | None, bool]:
    """A column called just "std" belongs to the only score."""
    return spreads.get("", (None, False)) if len(chosen) == 1 else (None, False)


def _of_datasets(table: RawTable, free: Sequence[str]) -> tuple[list[ScoreColumn], list[str]]:
    """Columns named after datasets, without a word for the metric."""
    numeric = [
        c for c in free
        if table.is_numeric(c) and all(0 <= v <= 100 for v in table.numbers(c))
        and not set(column_name(c).words) & (LOSSES | SPREADS)
    ]  # fmt: skip
    known = [c for c in numeric if _is_dataset(c)]
    taken = known or (numeric if len(numeric) == 1 else [])
    if not taken:
        raise DataError(
            "no column is known as a score",
            where=table.source,
            got=", ".join(table.names),
            hint=f'name it: --score "{numeric[-1]}"' if numeric else "name it: --score COLUMN",
        )
    if known:
        largest = max(max(table.numbers(c)) for c in known)
        taken = [c for c in numeric if c in known or _same_unit(max(table.numbers(c)), largest)]
    taken = [
        c for c in taken if column_name(c).key not in ("mean", "avg", "average", "overall")
    ] or taken
    said = "score" if len(taken) == 1 else "scores of these tasks"
    columns = [ScoreColumn(c, c if known else "") for c in taken]
    return columns, [f"{', '.join(taken)} read as {said}"]


def _is_dataset(column: str) -> bool:
    return dataset_key(column) in KNOWN_DATASETS


def _same_unit(a: float, b: float) -> bool:
    return (a <= 1) == (b <= 1) and min(a, b) > 0.2 * max(a, b)
