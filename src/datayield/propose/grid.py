"""The sizes, budgets, seeds and labels of a study, as many as fit into a time.

Three values are the fewest from which the gain of a doubling is judged (`analysis.power`), and a
wide range shows more than a narrow one, so each axis has three, up to four times apart: sizes and
labels below all that there are, budgets below the largest that fits.
"""

import math
from collections.abc import Iterator
from typing import Literal, NamedTuple

from datayield.propose.setups import SetupTiming
from datayield.propose.situation import LabelledData, Situation
from datayield.store.planned_time import RUN_SECONDS

VALUES = 3  # of an axis
WIDEST, NARROWEST = 4.0, 2.0  # between neighbouring values
FEWEST_IMAGES = 32  # of the smallest size
FEWEST_STEPS = 100  # of the smallest budget: fewer are a confound that `plan` names
FEWEST_LABELS = 20  # of the smallest number of labels
LABELS_PER_CLASS = 2  # there
FEWEST_PASSES = 20  # over all images at the largest budget: fewer say only that more would help
MANY_PASSES = 100  # from which larger images or more seeds are worth more than more passes
SEEDS = (5, 4, 3)  # with many passes; fewest last
FEWEST_SEEDS = 2

# Allowances in seconds for what is not timed beforehand: estimates, to be compared with runs.
REPORT_SECONDS = 25.0  # of starting processes and of writing the report
USED = 0.85  # of the time that is planned: estimates are not exact


class StudyGrid(NamedTuple):
    """Ascending values of each axis. `labels` is empty where all of them are used at once."""

    counts: tuple[int, ...]
    budgets: tuple[int, ...]  # images presented
    seeds: int
    labels: tuple[int, ...] = ()

    @property
    def runs(self) -> int:
        """How many runs it has."""
        return len(self.counts) * len(self.budgets) * self.seeds


class Shortfall(NamedTuple):
    """What the study cannot decide: more images, more labels, or anything, without labels at all.

    `has`, `needed`: images, or labelled images for the other two.
    """

    lever: Literal["images", "labels", "all"]
    has: int
    needed: int


def spaced(top: int, least: int) -> tuple[int, ...]:
    """Three values up to `top`, as far apart as `least` allows; `top` alone where it does not."""
    ratio = min(WIDEST, math.sqrt(top / least)) if least > 0 else WIDEST
    if ratio < NARROWEST:
        return (top,)
    return tuple(round_down(top / ratio**k) for k in range(VALUES - 1, 0, -1)) + (top,)


def fewest(least: int) -> int:
    """The top of the smallest three values that begin with `least`."""
    return math.ceil(least * NARROWEST ** (VALUES - 1))


def sizes_of(images: int) -> int:
    """How many sizes a study of so many images has: one, where they are too few for three."""
    return VALUES if images >= fewest(FEWEST_IMAGES) else 1


def label_steps(labels: LabelledData) -> tuple[int, ...]:
    """The numbers of labels to measure with; empty where there are too few to vary them."""
    steps = spaced(round_down(labels.labels), least_labels(labels.classes))
    return steps if len(steps) == VALUES else ()


def least_labels(classes: int) -> int:
    """The smallest number of labels that a classifier of so many classes is trained on."""
    return max(FEWEST_LABELS, LABELS_PER_CLASS * classes)


def grid_for(situation: Situation, timing: SetupTiming) -> StudyGrid | None:
    """The grid with most passes and seeds that fits; None where none does.

    Where there is too little time for enough passes over all images, it has fewer of them.
    """
    for seeds in (*SEEDS, FEWEST_SEEDS):
        passes = MANY_PASSES if seeds > SEEDS[-1] else FEWEST_PASSES
        few = seeds == FEWEST_SEEDS
        for grid in _grids(situation, timing, seeds):
            if few or grid.budgets[-1] >= passes * situation.images.images:
                return grid
    return None


def _grids(situation: Situation, timing: SetupTiming, seeds: int) -> Iterator[StudyGrid]:
    """Grids of so many seeds that fit, the widest range of budgets first."""
    labels = label_steps(situation.labels) if situation.labels is not None else ()
    sizes, batch = sizes_of(situation.images.images), timing.setup.batch
    for ratio in (WIDEST, 3.0, NARROWEST):
        top = _largest_budget(situation, timing, sizes, ratio, seeds)
        images = situation.images.images
        if top < FEWEST_PASSES * images:
            images = round_down(top / FEWEST_PASSES)
        counts = spaced(images, FEWEST_IMAGES) if images >= FEWEST_IMAGES else ()
        smallest = top / ratio ** (VALUES - 1)
        if len(counts) == sizes and smallest >= max(images, FEWEST_STEPS * batch):
            budgets = tuple(round_down(top / ratio**k) for k in range(VALUES - 1, -1, -1))
            yield StudyGrid(counts, budgets, seeds, labels)


def _largest_budget(
    situation: Situation, timing: SetupTiming, sizes: int, ratio: float, seeds: int
) -> float:
    """Images presented by each of the longest runs, so that all runs end in time."""
    work = _work(situation) - _beside_steps(situation, timing, sizes * VALUES * seeds, seeds)
    budgets = sum(ratio**-k for k in range(VALUES))
    return max(work, 0.0) / (timing.image * sizes * seeds * budgets)


def _work(situation: Situation) -> float:
    """Seconds of work of one process that are done in the time."""
    return (USED * situation.seconds - REPORT_SECONDS) * situation.parallel


def _beside_steps(situation: Situation, timing: SetupTiming, runs: int, seeds: int) -> float:
    """Seconds of everything but training: evaluations, starts, baselines."""
    baselines = seeds + 1 + (situation.weights is not None)
    return runs * (timing.evaluation + RUN_SECONDS) + baselines * timing.evaluation


def planned_seconds(situation: Situation, timing: SetupTiming, grid: StudyGrid) -> float:
    """Seconds that all of the grid takes, the report among them."""
    steps = timing.image * sum(grid.budgets) * len(grid.counts) * grid.seeds
    beside = _beside_steps(situation, timing, grid.runs, grid.seeds)
    return REPORT_SECONDS + (steps + beside) / situation.parallel


def fewest_seconds(situation: Situation, timing: SetupTiming) -> float:
    """Seconds from which on there is a grid for these images."""
    images = situation.images.images
    sizes = sizes_of(images)
    least = fewest(FEWEST_IMAGES) if sizes == VALUES else images
    ratio = NARROWEST ** (VALUES - 1)
    smallest = max(least, FEWEST_STEPS * timing.setup.batch)
    top = max(smallest * ratio, least * FEWEST_PASSES)
    budgets = tuple(int(top / NARROWEST**k) + 1 for k in range(VALUES))
    grid = StudyGrid((least,) * sizes, budgets, FEWEST_SEEDS)
    return planned_seconds(situation, timing, grid) / USED * 1.05


def round_down(value: float) -> int:
    """Two significant digits, and not more than it was: 127 is 120."""
    value += 1e-6  # a root squared may be a little less than it was
    if value < 100:
        return int(value)
    unit: int = 10 ** (math.floor(math.log10(value)) - 1)
    return int(value // unit) * unit
