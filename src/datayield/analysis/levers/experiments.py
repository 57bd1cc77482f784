"""Which further runs would decide: the expected odds after each, before it is run.

For each candidate, outcomes are drawn from the law's own samples, the samples are weighted by how
well they agree with the outcome, and the odds of the best choice are averaged over outcomes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from datayield.analysis.evidence import Setting
from datayield.analysis.levers.lever import AXES, LeverName, Pull, hours_of, times
from datayield.analysis.levers.odds import winners
from datayield.analysis.model.law import FittedLaw

OUTCOMES = 64  # drawn for each candidate
THINNED = 4  # every fourth sample of the law is enough for expected odds
REPEATS = (1, 3)  # runs of one setting
LEAST_RISE = 0.02  # of the expected odds, for an experiment to be worth naming
NAMED = 3
HALF = 0.5  # of the variance of a gain, from which on test images limit it
MORE_ITEMS = 4  # times the test images


@dataclass(frozen=True, slots=True)
class Experiment:
    """Runs that would help to decide: `runs` at `setting`, and the expected odds after them.

    `odds`: None for the first runs that vary something, of which nothing can be expected.
    `presented`: images that all of them present, None if unknown; `hours`: of all, None if the
    speed is unknown. `test_images`: so many instead of more runs, since the draw of those that
    there are makes up `item_share` of the variance of the gain.
    """

    setting: Setting
    runs: int
    odds: float | None
    presented: float | None
    hours: float | None
    test_images: int | None = None
    item_share: float = 0.0


def more_test_images(law: FittedLaw, at: Setting, pulls: Iterable[Pull]) -> list[Experiment]:
    """More of them, where they and not the seeds are most of the variance of a gain; else none."""
    share = max((pull.item_share for pull in pulls), default=0.0)
    items = min((run.items for run in law.world.runs if run.items), default=0)
    if share <= HALF or not items:
        return []
    return [Experiment(at, 0, None, 0.0, 0.0, MORE_ITEMS * items, share)]


def experiments(law: FittedLaw, at: Setting, pulls: list[Pull]) -> list[Experiment]:
    """Those that raise the odds most for what they cost: at most three, cheapest first."""
    candidates = list(dict.fromkeys(_settings(at, pulls)))
    best, none = winners(pulls)
    outcomes = np.column_stack([best, none])[::THINNED].astype(float)
    now = float(outcomes.mean(axis=0).max())
    errors = law.errors(candidates)[::THINNED]
    found = []
    for i, setting in enumerate(candidates):
        for runs in REPEATS:
            odds = expected_odds(errors[:, i], law.noise / np.sqrt(runs), outcomes)
            if odds > now + LEAST_RISE:
                found.append((odds, _experiment(law, setting, runs, odds)))
    return _frontier(found)


def again(law: FittedLaw, at: Setting, runs: int) -> Experiment:
    """Further runs at the same setting, which tell the noise."""
    return _experiment(law, at, runs, None)


def unmeasured(law: FittedLaw, at: Setting, levers: Iterable[LeverName]) -> list[Experiment]:
    """Twice as much of each lever that cannot be judged: too few values, or badly forecast."""
    return [
        _experiment(law, times(at, lever, 2), 1, None)
        for lever in levers
        if at[AXES[lever]] is not None
    ]


def _experiment(law: FittedLaw, setting: Setting, runs: int, odds: float | None) -> Experiment:
    hours = hours_of(law, setting)
    return Experiment(
        setting,
        runs,
        odds,
        None if setting.presented is None else runs * setting.presented,
        None if hours is None else runs * hours,
    )


def _settings(at: Setting, pulls: list[Pull]) -> Iterator[Setting]:
    """The point itself, and half, twice and four times as much of each lever."""
    yield at
    for pull in pulls:
        if pull.lever != "weights":
            for factor in (0.5, 2.0, 4.0):
                yield times(at, pull.lever, factor, pull.with_compute)


def expected_odds(errors: np.ndarray, noise: float, outcomes: np.ndarray) -> float:
    """The odds of the best choice after a measurement with this noise, expected now."""
    rng = np.random.Generator(np.random.PCG64(9))
    drawn = rng.choice(errors, OUTCOMES) + noise * rng.standard_normal(OUTCOMES)
    fit = np.exp(-0.5 * ((drawn[:, None] - errors[None, :]) / noise) ** 2)
    odds = fit @ outcomes / np.maximum(fit.sum(axis=1, keepdims=True), 1e-300)
    return float(odds.max(axis=1).mean())


def _frontier(found: list[tuple[float, Experiment]]) -> list[Experiment]:
    """Cheapest first, each with better odds than all that are cheaper."""
    kept: list[Experiment] = []
    best = 0.0
    for odds, each in sorted(found, key=lambda pair: (_price(pair[1]), -pair[0])):
        if odds > best + LEAST_RISE:
            kept.append(each)
            best = odds
    return kept[:NAMED]


def _price(each: Experiment) -> float:
    return (
        each.presented
        if each.presented is not None
        else each.runs * float(each.setting.images or 0)
    )
