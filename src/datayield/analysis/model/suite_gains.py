"""The gain with N on the groups of a suite: over their tasks, and over seeds.

A group stands for other tasks of its kind and for other seeds of these runs, so its interval is the
wider of the two: over the tasks' gains, and over seeds of their mean.
"""

from dataclasses import dataclass, replace
from statistics import fmean, stdev

from scipy.special import stdtrit

from datayield.analysis.model.difference import Difference
from datayield.analysis.model.study_noise import NoiseModels, point_key
from datayield.analysis.results import (
    CONFIDENCE,
    CurveKey,
    Point,
    Seeds,
    StudyResults,
    TaskGroup,
)


@dataclass(frozen=True, slots=True)
class GroupGain:
    """One curve of a group: scores at its smallest and largest N, and the gain between them.

    `by_task`: each a mean over common seeds; `gain` is their plain mean.
    """

    group: TaskGroup
    key: CurveKey
    n: int
    to: int
    before: Seeds
    after: Seeds
    by_task: dict[str, float]
    gain: Difference

    @property
    def mean(self) -> float:
        """Plain mean of the tasks' gains."""
        return fmean(self.by_task.values())


def suite_gains(results: StudyResults, of_scores: NoiseModels) -> list[GroupGain]:
    """Every curve of every group that has a score at two or more sizes.

    `of_scores`: noise_models of the mean scores, by group.
    """
    return [
        _gain(group, key, line, results.main.curves, of_scores)
        for group in results.groups
        for key, line in results.scores.curves.items()
        if key.eval == group.name and len({p.n for p in line}) > 1
    ]


def _gain(
    group: TaskGroup,
    key: CurveKey,
    line: list[Point],
    every: dict[CurveKey, list[Point]],
    of_scores: NoiseModels,
) -> GroupGain:
    first, last = line[0], line[-1]
    by_task = {}
    for name, metric in group.tasks.items():
        task = {p.n: p.seeds for p in every[key._replace(eval=name, metric=metric)]}
        before, after = task[first.n].by_seed, task[last.n].by_seed
        shared = before.keys() & after.keys()
        if shared:
            by_task[name] = fmean(after[seed] - before[seed] for seed in shared)
    gain = of_scores[group.name].contrast({point_key(last): 1, point_key(first): -1})
    if gain.decides and len(by_task) > 1:
        gain = _wider(gain, list(by_task.values()))
    return GroupGain(group, key, first.n, last.n, first.seeds, last.seeds, by_task, gain)


def _wider(over_seeds: Difference, gains: list[float]) -> Difference:
    df = len(gains) - 1
    error = stdev(gains) / len(gains) ** 0.5
    half = float(stdtrit(df, (1 + CONFIDENCE) / 2)) * error
    if half <= (over_seeds.high - over_seeds.low) / 2:
        return over_seeds
    low, high = max(over_seeds.mean - half, -1.0), min(over_seeds.mean + half, 1.0)
    return replace(over_seeds, low=low, high=high, error=error, df=float(df))
