"""Suites of tasks, as data: `suites/<name>.yaml`, and their expansion into evaluations."""

from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from datayield.spec.bounds import Count, OptionalName, Seed, Side
from datayield.spec.errors import ConfigError
from datayield.spec.evaluation.eval_spec import Metric
from datayield.spec.evaluation.protocols import SUITE_PROTOCOL
from datayield.spec.frozen import Frozen
from datayield.spec.validate import validated
from datayield.spec.yaml_file import read_mapping

_FOLDER = Path(__file__).with_name("suites")
TaskGroupName = Literal["natural", "specialised", "structured"]
GROUPS: tuple[TaskGroupName, ...] = ("natural", "specialised", "structured")


class SuiteTask(Frozen):
    """One task: where its images are, how its labels are derived, what is unusual about it.

    `train_count`: labelled images for training (and validation), if the split has more.
    `tested`: images of the whole test split.
    """

    task: str
    group: TaskGroupName
    dataset: str
    label: str = "label"
    train: str = "train"
    val: str | None = None
    test: str = "test"
    train_count: int | None = Field(1000, ge=2)
    metric: Metric | None = None
    classes: int = Field(ge=2)
    tested: int = Field(ge=2)
    source: str
    labels: str = "as published"
    oddity: str = ""

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that it reads."""
        return (self.train, *([self.val] if self.val else []), self.test)


class Suite(Frozen):
    """Tasks measured by one protocol; `fit` says how images are made square."""

    suite: str
    what: str
    fit: Literal["crop", "squash"]
    tasks: tuple[SuiteTask, ...] = Field(min_length=1)

    def of(self, group: str) -> tuple[SuiteTask, ...]:
        """The tasks of one group, or all for an empty name."""
        return tuple(task for task in self.tasks if group in ("", task.group))


class Asked(Frozen):
    """A suite in a study's evaluations. `size` has no default: accuracy depends on it.

    Tasks whose data are missing are skipped, with a message, unless `required`.
    """

    suite: str
    name: OptionalName = Field(
        "", description="prefix of each task's name; default: the suite's own"
    )
    size: Side
    seed: Seed = 0
    test_count: Count | None = Field(None, ge=2, description="of each task's test images")
    groups: tuple[TaskGroupName, ...] = GROUPS
    without: tuple[str, ...] = ()
    required: bool = False
    at: tuple[float, ...] | None = None
    where: dict[str, tuple[Any, ...]] | None = None


def suite_names() -> list[str]:
    """Names of the shipped suites, with their versions."""
    return [f"{path.stem}@1" for path in sorted(_FOLDER.glob("*.yaml"))]


@cache
def suite(name: str) -> Suite:
    """The shipped suite `name`. Raises ConfigError, listing the suites, if it does not exist."""
    if name not in suite_names():
        raise ConfigError(
            "unknown suite of tasks",
            where="evaluations: suite",
            got=name,
            allowed=suite_names(),
            hint="datayield ls tasks",
        )
    path = _FOLDER / f"{name.removesuffix('@1')}.yaml"
    return validated(Suite, read_mapping(path, "suite of tasks"), where=path.name)


def expanded(entries: Any, where: str) -> Any:
    """A study's `evaluations` as written -> one entry per evaluation.

    A suite becomes its tasks; an entry that lists `label_fraction` or `per_class` becomes one per
    value. Anything but a list of mappings is passed on for the study to reject. Raises ConfigError.
    """
    if not isinstance(entries, list):
        return entries
    evaluations: list[Any] = []
    for i, entry in enumerate(entries):
        if isinstance(entry, dict) and "suite" in entry:
            evaluations += _tasks(validated(Asked, entry, where=f"{where}: evaluations.{i}"))
        elif isinstance(entry, dict):
            evaluations += _ladder(entry)
        else:
            evaluations.append(entry)
    return evaluations


def _tasks(asked: Asked) -> list[dict[str, Any]]:
    whole = suite(asked.suite)
    names = [task.task for task in whole.tasks]
    for stray in sorted(set(asked.without) - set(names)):
        raise ConfigError(
            f"unknown task of {asked.suite}",
            where="evaluations: without",
            got=stray,
            allowed=names,
        )
    prefix = asked.name or asked.suite.partition("@")[0]
    shared = {
        "protocol": SUITE_PROTOCOL,
        "part_of": asked.suite,
        "suite_name": prefix,
        "size": asked.size,
        "fit": whole.fit,
        "seed": asked.seed,
        "optional": not asked.required,
        "test_count": asked.test_count,
    }
    shared |= {k: v for k in ("at", "where") if (v := getattr(asked, k)) is not None}
    keys = {"task", "group", "dataset", "label", "train", "val", "test", "train_count", "metric"}
    entries = []
    for task in whole.tasks:
        if task.group in asked.groups and task.task not in asked.without:
            entry = shared | {"name": f"{prefix} {task.task}"} | task.model_dump(include=keys)
            if asked.test_count and asked.test_count >= task.tested:
                entry["test_count"] = None  # a small test split is used in full
            entries.append(entry)
    return entries


def _ladder(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """One entry per value of a listed `label_fraction` or `per_class`, named after it."""
    for key in ("label_fraction", "per_class"):
        values = entry.get(key)
        if isinstance(values, list):
            name = entry.get("name", "")
            return [
                {**entry, key: value, "name": f"{name}, {_in_words(key, value)}"}
                for value in values
            ]
    return [entry]


def _in_words(key: str, value: Any) -> str:
    if key == "label_fraction" and isinstance(value, int | float):
        return f"{100 * value:g}% of labels"
    return f"{value} per class"
