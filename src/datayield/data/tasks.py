"""Which tasks of the shipped suites can be measured here, and why others cannot."""

from typing import Any

from datayield.data.catalog import present
from datayield.spec.errors import DataError
from datayield.spec.evaluation import SuiteTask, suite, suite_names


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


def missing(task: SuiteTask) -> str:
    """Why a task cannot be measured here, or that its test split is incomplete; "" if it can."""
    try:
        counts = {split: present(task.dataset, split).images for split in task.splits}
    except DataError as error:
        return error.message
    if counts[task.test] != task.tested:
        return f"found with {counts[task.test]:,} test images, expected {task.tested:,}"
    return ""
