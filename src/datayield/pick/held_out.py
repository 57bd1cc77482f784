"""Whether a rule beats drawing at random: tried on training images whose labels are hidden.

No test label and no test image has a part in it.
"""

import math
from collections.abc import Iterator
from statistics import fmean, stdev
from typing import Literal, NamedTuple

import numpy as np

from datayield.data.selection import dealt
from datayield.data.source import Labels
from datayield.evals.classifier import FeatureTable, fit_classifier
from datayield.pick.rules import PickRule, in_main_axes, nearest, to_collect, to_label
from datayield.pick.task_images import TaskImages
from datayield.spec.errors import DataError
from datayield.spec.evaluation import Metric

REPEATS = 10
FOLDS = 5  # one of them is held out in each repeat
CHOICE = 4.0  # images that one is chosen from, at most: hidden labels are few
LEVEL = 0.9  # of the interval
FEWEST = 5  # images that are labelled at first, and hidden, at least


class Difference90(NamedTuple):
    """A mean difference, as a share, with its 90% interval over repeats."""

    mean: float
    low: float
    high: float


class PickTest(NamedTuple):
    """A rule against random, on held-out training images; scores are means over repeats, 0 to 1.

    `measure`: a metric of the task, or `coverage`, the mean cosine of each held-out image to the
    nearest image that was there or was chosen. `start` images are there, and `chosen` are added
    out of `pool`. `before`: the score without them.
    """

    measure: Literal["accuracy", "balanced_accuracy", "coverage"]
    repeats: int
    held_out: int
    start: int
    pool: int
    chosen: int
    before: float
    random: float
    rule: float
    difference: Difference90

    @property
    def verdict(self) -> Literal["better", "no different", "worse"]:
        """What the interval of the difference says of the rule."""
        if self.difference.low > 0:
            return "better"
        return "worse" if self.difference.high < 0 else "no different"


class _Part(NamedTuple):
    """How the labelled images are divided in one repeat: places among them."""

    start: Labels
    pool: Labels
    held: Labels


def try_labelling(
    by: PickRule, task: TaskImages, metric: Metric, count: int, pool: int
) -> PickTest | None:
    """Label as many more, in proportion, as `count` of `pool` images; at most as many again.

    Each repeat holds out a fifth of the labelled images (copies and groups together), hides most
    labels of the others, and adds labels by the rule and at random. None for too few labels.
    """
    share = min(count / len(task.y), 1.0)
    choice = min(CHOICE, pool / count)
    scores = list[tuple[float, float, float]]()
    for seed, part in enumerate(_parts(task, share, choice)):
        x, y = task.x, task.y
        more = round(share * len(part.start))
        if len(part.start) < FEWEST or more < FEWEST:
            return None
        hidden, given = x[part.pool], x[part.start]
        try:
            first = fit_classifier(given, y[part.start], metric, seed)
        except DataError:  # of one class alone
            return None
        taken = [to_label(rule, hidden, given, first, more, seed).rows for rule in ("random", by)]
        after = []
        for rows in taken:
            both = np.concatenate([part.start, part.pool[rows]])
            after.append(fit_classifier(x[both], y[both], metric, seed))
        found = [each.score(x[part.held], y[part.held], metric) for each in (first, *after)]
        scores.append((found[0], found[1], found[2]))
        sizes = len(part.held), len(part.start), len(part.pool), more
    return _summary(metric, scores, *sizes)


def try_collecting(
    by: PickRule, task: TaskImages, pool: FeatureTable, owned: FeatureTable, count: int
) -> PickTest | None:
    """How near the chosen images bring training images of the task that had no part in choosing."""
    scores = list[tuple[float, float, float]]()
    if len(task.x) < FOLDS * FEWEST:
        return None
    for seed, part in enumerate(_parts(task, 1.0, 0.0)):
        x, own, held = in_main_axes(pool, owned, task.x[part.held])
        before = nearest(held, own)[1]
        found = [before]
        for rule in ("random", by):
            rows = to_collect(rule, pool, owned, task.x[part.start], count, seed).rows
            found.append(np.maximum(before, nearest(held, x[rows])[1]))
        means = [float(each.mean()) for each in found]
        scores.append((means[0], means[1], means[2]))
        held_out = len(part.held)
    return _summary("coverage", scores, held_out, len(owned), len(pool), count)


def _parts(task: TaskImages, share: float, choice: float) -> Iterator[_Part]:
    """Each repeat's division: `choice` hidden images for each that is added to the start."""
    for seed in range(REPEATS):
        fold = dealt(task.units, task.y, FOLDS, seed)
        rest = np.flatnonzero(fold != 0)
        order = np.random.Generator(np.random.PCG64([0x7069636B, seed])).permutation(rest)
        start = math.floor(len(order) / (1 + share * choice))
        yield _Part(order[:start], order[start:], np.flatnonzero(fold == 0))


def _summary(
    measure: Literal["accuracy", "balanced_accuracy", "coverage"],
    scores: list[tuple[float, float, float]],
    held_out: int,
    start: int,
    pool: int,
    chosen: int,
) -> PickTest:
    from scipy.special import stdtrit

    before, drawn, rule = (fmean(column) for column in zip(*scores, strict=True))
    apart = [by - random for _, random, by in scores]
    half = float(stdtrit(len(apart) - 1, (1 + LEVEL) / 2)) * stdev(apart) / math.sqrt(len(apart))
    mean = fmean(apart)
    difference = Difference90(mean, mean - half, mean + half)
    return PickTest(
        measure, len(scores), held_out, start, pool, chosen, before, drawn, rule, difference
    )
