"""Results of a study: tidy rows, and the curves, baselines and task groups made of them."""

from datayield.analysis.results.curves import (
    BASELINES,
    MAIN,
    Baseline,
    CurveKey,
    Point,
    Seeds,
    baselines,
    eval_names,
    key_of,
    main_rows,
    points,
    seeds_of,
    trajectories,
)
from datayield.analysis.results.results import Row, Spent, StudyResults
from datayield.analysis.results.task_groups import ALL, SCORE, GroupGain, TaskGroup, group_gains

__all__ = [
    "ALL",
    "BASELINES",
    "MAIN",
    "SCORE",
    "Baseline",
    "CurveKey",
    "GroupGain",
    "Point",
    "Row",
    "Seeds",
    "Spent",
    "StudyResults",
    "TaskGroup",
    "baselines",
    "eval_names",
    "group_gains",
    "key_of",
    "main_rows",
    "points",
    "seeds_of",
    "trajectories",
]
