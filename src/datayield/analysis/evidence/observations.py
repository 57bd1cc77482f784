"""One score of one run, at what it was bought with; and the scores that one law describes."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

PretrainedBy = Literal["us", "nobody", "others"]  # nobody: untrained; others: published weights


class Setting(NamedTuple):
    """What a run was given: the point at which its score is measured. None where unknown."""

    images: int | None  # unique pretraining images, N
    presented: float | None  # images presented over the whole run, C
    labels: int | None  # labelled images for the probe or fine-tuning, L
    views: int | None  # of each presented image


class Observation(NamedTuple):
    """One score, as a share: 0 is the worst possible, 1 the best."""

    task: str
    method: str  # "" where there is only one
    setting: Setting
    seed: int | None  # None where the table has none: each row is then a run of its own
    score: float
    items: int | None = None  # test items that it was measured on
    pretrained_by: PretrainedBy = "us"
    hours: float | None = None  # that the run took
    repeats: int = 1  # runs that it is the mean of
    spread: float | None = None  # their standard deviation


@dataclass(frozen=True)
class World:
    """The observations of one task by one method: what one law is fitted to.

    `baselines`: of the task, without pretraining of one's own; they are no points of the law.
    """

    task: str
    method: str
    runs: tuple[Observation, ...]
    baselines: tuple[Observation, ...] = ()

    def untrained(self, labels: int | None) -> list[float]:
        """Scores of the untrained encoder with so many labels, or with a number nobody told."""
        return [
            each.score
            for each in self.baselines
            if each.pretrained_by == "nobody"
            and (labels is None or each.setting.labels in (None, labels))
        ]


@dataclass(frozen=True)
class Evidence:
    """All observations, and what a reader should know about how they were read."""

    observations: tuple[Observation, ...]
    notes: tuple[str, ...] = ()

    @cached_property
    def worlds(self) -> list[World]:
        """One per task and method, in order of appearance."""
        runs: dict[tuple[str, str], list[Observation]] = {}
        baselines: dict[str, list[Observation]] = {}
        for each in self.observations:
            if each.pretrained_by == "us":
                runs.setdefault((each.task, each.method), []).append(each)
            else:
                baselines.setdefault(each.task, []).append(each)
        return [
            World(task, method, tuple(mine), tuple(baselines.get(task, ())))
            for (task, method), mine in runs.items()
        ]
