"""Which tasks of the shipped suites, and of a study, can be measured here; why others cannot."""

from typing import Any

from datayield.data.catalog import Look, present
from datayield.spec.errors import DataError
from datayield.spec.evaluation import SuiteTask, suite, suite_names
from datayield.spec.study import Study


def availability() -> list[dict[str, Any]]:
    """One row per task of every suite; `missing` says what is not available, "" if nothing."""
    return [
        {
            "suite": name,
            "group": task.group,
            "task": task.task,
            "classes": task.classes,
            "test images": task.tested,
            "data": task.dataset,
            "label rule": task.labels,
            "oddity": task.oddity,
            "missing": missing(task),
        }
        for name in suite_names()
        for task in suite(name).tasks
    ]


def without_absent(study: Study, look: Look) -> tuple[Study, tuple[str, ...]]:
    """The study without optional evaluations whose data are not here, and why each is left out."""
    absent: dict[str, str] = {}
    for ev in (ev for ev in study.evaluations if ev.optional):
        try:
            for split in ev.splits:
                present(ev.dataset, split, look)
        except DataError as error:
            absent[ev.name] = f"skipped: {ev.name} ({ev.part_of}, {ev.group}): {error.message}"
    return (study.without(absent) if absent else study), tuple(absent.values())


def missing(task: SuiteTask) -> str:
    """Why a task cannot be measured here, or that its test split is incomplete; "" if it can."""
    try:
        counts = {split: present(task.dataset, split).images for split in task.splits}
    except DataError as error:
        return error.message
    if counts[task.test] != task.tested:
        return f"found with {counts[task.test]:,} test images, expected {task.tested:,}"
    return ""
