"""Means over the tasks of a suite, by group, as rows.

A task's score is its main metric. Only runs that were measured on all the study's tasks of a group
have a mean, so two means never differ in their tasks.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean

from datayield.analysis.results.rows import Row
from datayield.spec.evaluation import GROUPS, StudyEval, suite
from datayield.spec.study import Study

SCORE = "score"  # the metric of rows that are means over tasks
ALL = "all tasks"


@dataclass(frozen=True, slots=True)
class TaskGroup:
    """A group of a suite in a study: `name` in its rows, `suite_name` the suite's name in the
    study, `absent` its missing tasks.

    `tasks`: name of the evaluation -> its main metric.
    """

    name: str
    suite_name: str
    suite: str
    group: str
    tasks: Mapping[str, str]
    absent: tuple[str, ...]

    @property
    def of(self) -> str:
        """'3 of 4 tasks'."""
        return f"{len(self.tasks)} of {len(self.tasks) + len(self.absent)} tasks"


def task_groups(study: Study) -> list[TaskGroup]:
    """The groups of each suite in the study, and all its tasks together if it has several."""
    by_entry: dict[tuple[str, str], list[StudyEval]] = {}
    for ev in study.evaluations:
        if ev.part_of:
            by_entry.setdefault((ev.part_of, ev.suite_name), []).append(ev)
    groups = []
    for (name, suite_name), evals in by_entry.items():
        present = [group for group in GROUPS if any(ev.group == group for ev in evals)]
        for group in [*present, *([ALL] if len(present) > 1 else [])]:
            mine = {ev.name: ev.main_metric for ev in evals if group in (ALL, ev.group)}
            asked = suite(name).of("" if group == ALL else group)
            present_tasks = {ev.task for ev in evals if ev.name in mine}
            absent = tuple(t.task for t in asked if t.task not in present_tasks)
            whole = f"{suite_name} {group}"
            groups.append(TaskGroup(whole, suite_name, name, group, mine, absent))
    return groups


def group_rows(study: Study, rows: Iterable[Row]) -> Iterator[Row]:
    """One row per group, subject and share: the mean over tasks of their main metrics.

    And one, `score_val`, for their validation scores.
    """
    scores: dict[Row, dict[str, Row]] = {}
    scored = {}  # (evaluation, metric) -> the mean that it is a part of
    for ev in (ev for ev in study.evaluations if ev.part_of):
        scored[ev.name, ev.main_metric] = SCORE
        scored[ev.name, f"{ev.main_metric}_val"] = f"{SCORE}_val"
    for row in rows:
        name = scored.get((row.eval, row.metric))
        if name:
            subject = row._replace(
                eval="", group="", metric=name, value=0.0,
                n_test=0, n_train=0, low=None, high=None,
            )  # fmt: skip
            scores.setdefault(subject, {})[row.eval] = row
    for group in task_groups(study):
        for subject, by_task in scores.items():
            if group.tasks.keys() <= by_task.keys():
                mine = [by_task[name] for name in group.tasks]
                value = fmean(row.value for row in mine)
                error = _error_of_mean(mine)
                yield subject._replace(
                    eval=group.name,
                    group=group.group,
                    value=value,
                    n_test=sum(row.n_test for row in mine),
                    low=None if error is None else value - error,
                    high=None if error is None else value + error,
                )


def _error_of_mean(mine: list[Row]) -> float | None:
    """Half the 95% interval over test items of a mean over tasks with separate test items."""
    halves = [(r.high - r.low) / 2 for r in mine if r.low is not None and r.high is not None]
    if len(halves) < len(mine):
        return None
    return math.hypot(*halves) / len(mine)
