"""Results of a study: tidy rows, and the curves, baselines and task groups built from them."""

from datayield.analysis.results.curves import (
    BASELINES,
    CONFIDENCE,
    MAIN,
    Baseline,
    CurveKey,
    Point,
    Seeds,
    eval_names,
    key_of,
    main_rows,
    seeds_of,
)
from datayield.analysis.results.items import CellRows, StudyItems
from datayield.analysis.results.results import MetricResults, StudyResults
from datayield.analysis.results.rows import Row, RunCost
from datayield.analysis.results.task_groups import ALL, SCORE, TaskGroup

__all__ = [
    "ALL",
    "BASELINES",
    "CONFIDENCE",
    "MAIN",
    "SCORE",
    "Baseline",
    "CellRows",
    "CurveKey",
    "MetricResults",
    "Point",
    "Row",
    "RunCost",
    "Seeds",
    "StudyItems",
    "StudyResults",
    "TaskGroup",
    "eval_names",
    "key_of",
    "main_rows",
    "seeds_of",
]
