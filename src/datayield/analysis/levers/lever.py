"""What a doubling of images, compute, labels or views brings at a point, as samples of the law."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from datayield.analysis.evidence import Setting
from datayield.analysis.levers.published import published_gain, spare_runs
from datayield.analysis.model import own_variance_over_items
from datayield.analysis.model.law import FittedLaw, MeasuredCells, pooled
from datayield.analysis.model.law.forms import Floats
from datayield.spec.study import Prices

LeverName = Literal["images", "compute", "labels", "views", "weights"]
# Why no lever is recommended where pretraining itself brings nothing.
USELESS = "pretraining does not clearly beat the untrained encoder there"
AXES: dict[LeverName, int] = {"images": 0, "compute": 1, "labels": 2, "views": 3}  # of a `Setting`
FEWEST = 3  # values of an axis that a lever takes to be recommended
SPARE = 3  # runs beyond the least, for the noise to be known well enough to decide
NOISE_UNKNOWN = "there are too few runs to estimate the noise"
ALIKE = 0.98  # correlation of ln N and ln C from which on they are one ladder
MISSED = 3.0  # standard deviations by which the law may miss a hidden row or column
LEVEL = 0.9  # of every interval


class FittedScore(NamedTuple):
    """A score, or a gain in score, as a share, with its 90% interval."""

    score: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Lever:
    """One thing to buy more of. `gain`: in score, as a share, per doubling; `cost`: of it.

    `doubt`: why it cannot be recommended; "" if it can. `with_compute`: whether compute grows in
    proportion, as in a ladder of sizes at a fixed number of epochs. `equal_compute`: of views, the
    gain where half as many images are presented, so that as many views are. Of published weights:
    `name`, what they are called, and `ahead`, the probability that they are better at all.
    """

    lever: LeverName
    start: float
    to: float
    gain: float
    low: float
    high: float
    cost: float | None
    probability: float  # that it is the best of all
    doubt: str = ""
    with_compute: bool = False
    equal_compute: FittedScore | None = None
    name: str = ""
    ahead: float = 0.0


class Pull(NamedTuple):
    """A lever before it is judged: where it leads, and samples of its gain."""

    lever: LeverName
    setting: Setting | None  # None for published weights
    start: float
    to: float
    gains: Floats  # [SAMPLES]
    cost: float | None
    doubt: str
    with_compute: bool = False
    spare: int = 0  # runs that the noise is estimated from
    even: Floats | None = None  # [SAMPLES] of `Lever.equal_compute`
    item_share: float = 0.0  # of the variance of the gain: what other test items would change
    name: str = ""  # of published weights


def fitted(samples: Floats) -> FittedScore:
    """The mean of samples and their 90% interval."""
    low, high = np.quantile(samples, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return FittedScore(float(samples.mean()), float(low), float(high))


def largest(cells: MeasuredCells) -> Setting:
    """The measured setting with most of everything."""
    logs = cells.places.logs.sum(axis=0)
    return cells.settings[int(np.flatnonzero(logs == logs.max())[-1])]


def varied(cells: MeasuredCells) -> dict[LeverName, list[float]]:
    """Lever -> the values of its axis, ascending, for those with two or more."""
    values = {
        lever: sorted({float(s[axis] or 0) for s in cells.settings if s[axis] is not None})
        for lever, axis in AXES.items()
    }
    return {lever: found for lever, found in values.items() if len(found) > 1}


def one_ladder(cells: MeasuredCells) -> bool:
    """Whether images and compute grow together, so that neither can be told from the other."""
    ln, lc = cells.places.logs[:2]
    if min(np.ptp(ln), np.ptp(lc)) == 0:
        return False
    return abs(float(np.corrcoef(ln, lc)[0, 1])) > ALIKE


def times(at: Setting, lever: LeverName, factor: float, with_compute: bool = False) -> Setting:
    """The setting with more of one thing."""
    match lever:
        case "images":
            more = at._replace(images=round(factor * (at.images or 0)))
            if with_compute and at.presented is not None:
                return more._replace(presented=factor * at.presented)
            return more
        case "compute":
            return at._replace(presented=factor * (at.presented or 0))
        case "labels":
            return at._replace(labels=round(factor * (at.labels or 0)))
        case "views":
            return at._replace(views=round(factor * (at.views or 0)))
        case "weights":
            raise ValueError(lever)


def pulls(law: FittedLaw, at: Setting, prices: Prices, doubts: bool = True) -> list[Pull]:
    """All levers that the runs say something about; `doubts`: whether to look for those too."""
    values, ladder = varied(law.cells), one_ladder(law.cells)
    if ladder:
        values.pop("compute", None)
    levers = [lever for lever in values if at[AXES[lever]] is not None]
    settings = [times(at, lever, 2, ladder) for lever in levers]
    even = _even(at, ladder) if ladder or "compute" in values else None
    errors = law.errors([at, *settings, *([even] if even and "views" in levers else [])])
    useless = _useless(law, at, errors[:, 0])
    made = []
    for i, lever in enumerate(levers):
        start = float(at[AXES[lever]] or 0)
        over_items = over_items_of(law, lever, errors[:, 0])
        gains = errors[:, 0] - errors[:, 1 + i] + over_items
        doubt = ""
        if doubts:
            doubt = (useless if lever != "labels" else "") or _doubt(law, lever, values[lever])
        made.append(
            Pull(
                lever,
                settings[i],
                start,
                2 * start,
                gains,
                _cost(law, at, lever, prices, ladder),
                doubt,
                ladder and lever == "images",
                law.cells.spare,
                errors[:, 0] - errors[:, -1] if even and lever == "views" else None,
                float(over_items.var() / max(gains.var(), 1e-12)),
            )
        )
    return [*made, *published_pull(law, at, errors[:, 0])]


def _even(at: Setting, ladder: bool) -> Setting:
    """Twice the views of half as many images presented: of half the images, in a ladder."""
    half = times(at, "images" if ladder else "compute", 0.5, ladder)
    return half._replace(views=2 * (at.views or 0))


def published_pull(law: FittedLaw, at: Setting, own: Floats) -> Iterator[Pull]:
    """Published weights instead, if some were measured with the labels of `at`.

    `own`: samples [SAMPLES] of the error of one's own runs.
    """
    theirs = published_gain(law, at, own)
    if theirs is not None:
        start, spare = float(1 - own.mean()), spare_runs(law)
        gains, score = theirs.gains, theirs.score
        yield Pull("weights", None, start, score, gains, 0.0, "", spare=spare, name=theirs.name)


def _cost(
    law: FittedLaw, at: Setting, lever: LeverName, prices: Prices, ladder: bool
) -> float | None:
    """Of one doubling: as much again as there is; None where a part of it has no price."""
    if lever == "labels":
        return None if prices.label is None else prices.label * (at.labels or 0)
    hours = hours_of(law, at)
    training = None if prices.hour is None or hours is None else prices.hour * hours
    if lever != "images":
        return training
    images = None if prices.image is None else prices.image * (at.images or 0)
    if not ladder or images is None:
        return images
    return None if training is None else images + training


def hours_of(law: FittedLaw, setting: Setting) -> float | None:
    """Hours that a run takes, at the median speed of those whose time is known.

    Where views are known, time is in proportion to them.
    """
    speeds = [
        run.hours / (run.setting.presented * (run.setting.views or 1))
        for run in law.world.runs
        if run.hours and run.setting.presented
    ]
    if not speeds or setting.presented is None:
        return None
    return float(np.median(speeds)) * setting.presented * (setting.views or 1)


def over_items_of(law: FittedLaw, lever: LeverName, own: Floats) -> Floats:
    """What other test items would add to a gain per doubling: samples [SAMPLES] around 0."""
    items = [run.items for run in law.world.runs if run.items]
    x = np.log2([float(s[AXES[lever]] or 1) for s in law.cells.settings])
    spread = float(((np.unique(x) - np.unique(x).mean()) ** 2).sum())  # of a slope over the axis
    one = own_variance_over_items(float(own.mean()), min(items)) if items else 0.0
    variance = one / spread if spread else 0.0
    rng = np.random.Generator(np.random.PCG64(31 + AXES[lever]))
    return math.sqrt(variance) * rng.standard_normal(len(own))


def _useless(law: FittedLaw, at: Setting, own: Floats) -> str:
    """Words for a point at which pretraining does not beat the untrained encoder; else ""."""
    untrained = law.world.untrained(at.labels)
    if not untrained or np.mean(1 - own > np.mean(untrained)) >= LEVEL:
        return ""
    return USELESS


def _doubt(law: FittedLaw, lever: LeverName, values: list[float]) -> str:
    if len(values) < FEWEST:
        return f"{lever} {'was' if lever == 'compute' else 'were'} measured at two values only"
    off = missed(law, lever, values[-1])
    if off > MISSED:
        return (
            f"the law, fitted without the largest value of {lever}, misses it by "
            f"{off:.1f} standard deviations"
        )
    return ""


def missed(law: FittedLaw, lever: LeverName, hidden: float) -> float:
    """By how much the law misses the cells with this value when it has not seen them.

    Root mean square, in standard deviations of its own forecast.
    """
    cells = law.cells
    dropped = [s for s in cells.settings if float(s[AXES[lever]] or 0) == hidden]
    blind = pooled([law.without(dropped)])[0]
    errors = blind.errors(dropped, again=True)
    seen = cells.errors[[cells.settings.index(s) for s in dropped]]
    off = (seen - errors.mean(axis=0)) / np.maximum(errors.std(axis=0), 1e-9)
    return float(np.sqrt(np.mean(off**2)))
