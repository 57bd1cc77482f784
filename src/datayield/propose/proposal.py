"""A study for a situation, and what it will not be able to decide."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from datayield.propose.grid import (
    FEWEST_IMAGES,
    MANY_PASSES,
    VALUES,
    Shortfall,
    StudyGrid,
    fewest,
    fewest_seconds,
    grid_for,
    label_steps,
    least_labels,
)
from datayield.propose.setups import Setup, SetupTiming
from datayield.propose.situation import LabelledData, Situation, shown_name
from datayield.spec.errors import ConfigError
from datayield.spec.evaluation import USUAL_FOLDS
from datayield.spec.named_paths import pasteable

# Times as many passes as are many, from which on the next setup is worth timing: at least four
# times as many pixels make an image take so much longer.
STEP_UP = 4


class Proposal(NamedTuple):
    """What is written as a study, and what it cannot decide."""

    situation: Situation
    timing: SetupTiming
    grid: StudyGrid
    shortfalls: tuple[Shortfall, ...] = ()


def proposed(situation: Situation, timings: Iterable[SetupTiming]) -> Proposal:
    """The largest setup that still has many passes, else the smallest; and its grid.

    `timings`: of the setups in turn, the smallest first; no more are taken than are needed, so
    they may be measured as they are asked for. Raises ConfigError where there are too few images or
    minutes for any study.
    """
    images = situation.images.images
    if images < FEWEST_IMAGES:
        raise ConfigError(
            "too few images for a study",
            where=shown_name(situation.images.dataset),
            got=f"{images:,} usable images",
            allowed=f"{FEWEST_IMAGES} or more; {fewest(FEWEST_IMAGES)} to judge more images",
            hint="add images; datayield doctor --data "
            f"{pasteable(situation.images.dataset)} says which files are not used",
        )
    chosen: tuple[SetupTiming, StudyGrid] | None = None
    for timing in timings:
        grid = grid_for(situation, timing)
        if chosen is not None and (grid is None or _passes(grid, images) < MANY_PASSES):
            break
        if grid is None:
            raise _too_little_time(situation, timing)
        chosen = timing, grid
        if _passes(grid, images) < STEP_UP * MANY_PASSES:
            break
    assert chosen is not None  # there is at least one setup
    timing, grid = chosen
    return Proposal(situation, timing, grid, _shortfalls(situation, grid))


def trial(situation: Situation, setup: Setup) -> Proposal:
    """One run of a setup and all evaluations: what is timed, and what is decoded."""
    labels = label_steps(situation.labels) if situation.labels is not None else ()
    images = situation.images.images
    grid = StudyGrid((images,), (100 * setup.batch,), 1, labels)
    return Proposal(situation, SetupTiming(setup, 0.0, 0.0), grid)


def _passes(grid: StudyGrid, images: int) -> float:
    """Passes over all images at the largest budget, with the seeds of few passes."""
    return grid.budgets[-1] * grid.seeds / 3 / images


def _shortfalls(situation: Situation, grid: StudyGrid) -> tuple[Shortfall, ...]:
    images, labels = situation.images.images, situation.labels
    found = []
    if len(grid.counts) < VALUES:
        found.append(Shortfall("images", images, fewest(FEWEST_IMAGES)))
    if labels is None:
        trained = fewest(least_labels(2))
        found.append(Shortfall("all", 0, math.ceil(trained * USUAL_FOLDS / (USUAL_FOLDS - 1))))
    elif not grid.labels:
        found.append(_too_few_labels(labels))
    return tuple(found)


def _too_few_labels(labels: LabelledData) -> Shortfall:
    """How many labelled images there are and would be needed, with those that are tested."""
    trained = fewest(least_labels(labels.classes))
    if labels.folds is None:
        return Shortfall("labels", labels.labels + labels.tested, trained + labels.tested)
    # Folds differ in size, so that a classifier is trained on fewer than their number says.
    return Shortfall("labels", labels.tested, math.ceil(trained * labels.tested / labels.labels))


def _too_little_time(situation: Situation, timing: SetupTiming) -> ConfigError:
    minutes = math.ceil(fewest_seconds(situation, timing) / 60)
    return ConfigError(
        "too little time for a study that decides anything",
        where="--minutes",
        got=f"{max(situation.seconds, 0) / 60:.3g} minutes for the runs",
        allowed=f"about {minutes} or more on this machine, as busy as it is",
        hint=f"write --minutes {minutes}, or wait until other work here has ended",
    )
