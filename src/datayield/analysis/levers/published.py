"""Published weights against pretraining on one's own images, at the same task and labels."""

import math
from typing import NamedTuple

import numpy as np

from datayield.analysis.evidence import Observation, Setting
from datayield.analysis.model import OWN_SHARE_ALONE, ItemTerm, variance_over_items
from datayield.analysis.model.law import FittedLaw
from datayield.analysis.model.law.forms import Floats


class PublishedGain(NamedTuple):
    """The best published weights: what they are called, their score, and samples of it less own."""

    name: str
    score: float
    gains: Floats  # [SAMPLES]


def published_gain(law: FittedLaw, at: Setting, own: Floats) -> PublishedGain | None:
    """Of the published weights that were measured with as many labels as `at`; None without any.

    `own`: samples [SAMPLES] of the error of one's own runs there. Their score has the noise of one
    run, and the luck of the test items that the two scores do not share; one's own score has the
    common shifts of its seeds, too.
    """
    scores: dict[str, list[Observation]] = {}
    for each in law.world.baselines:
        if each.pretrained_by == "others" and each.setting.labels in (None, at.labels):
            scores.setdefault(each.method, []).append(each)
    if not scores:
        return None
    means = {name: sum(each.score for each in mine) / len(mine) for name, mine in scores.items()}
    name = max(means, key=means.__getitem__)
    noise = law.noise**2 / len(scores[name])
    items = _over_items(float(1 - own.mean()), means[name], scores[name])
    rng = np.random.Generator(np.random.PCG64(7))
    score = means[name] + math.sqrt(noise + items) * rng.standard_normal(len(own))
    shift, freedom = _of_shifts(law)
    if shift:
        score += shift * rng.standard_t(freedom, len(own))
    return PublishedGain(name, means[name], score - (1 - own))


def spare_runs(law: FittedLaw) -> int:
    """Runs beyond one for each cell: what the noise of a comparison with others is known from."""
    return int(law.cells.repeats.sum()) - len(law.cells.settings)


def _of_shifts(law: FittedLaw) -> tuple[float, int]:
    """Standard error of one's own mean by a seed's shift of all cells; its degrees of freedom.

    A law leaves it out: it cancels between one's own cells, but not against published weights.
    """
    cells: dict[Setting, list[float]] = {}
    for run in law.world.runs:
        cells.setdefault(run.setting, []).append(run.score)
    seeds, freedom = len({run.seed for run in law.world.runs}), len(law.world.runs) - len(cells)
    if seeds < 2 or not freedom:
        return 0.0, 1
    squares = sum(float(np.var(scores)) * len(scores) for scores in cells.values())
    return math.sqrt(max(squares / freedom - law.noise**2, 0.0) / seeds), seeds - 1


def _over_items(own: float, theirs: float, measured: list[Observation]) -> float:
    """Variance over test items of the difference of two scores on the same ones."""
    counts = [each.items for each in measured if each.items]
    if not counts:
        return 0.0
    ours, others = (math.sqrt(max(p * (1 - p), 0.0) / min(counts)) for p in (own, theirs))
    terms = [ItemTerm(1.0, ours, "task"), ItemTerm(-1.0, others, "task", OWN_SHARE_ALONE)]
    return variance_over_items(terms)
