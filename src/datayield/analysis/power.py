"""What a design can decide: the smallest gain per doubling that it would recommend.

For the largest setting, the gain of one more doubling has a standard error under the law's own
model without its prior shapes: a line in the logarithms of images, compute and labels, a smooth
deviation, the noise of runs, and the drift beyond what was measured. A lever is recommended where
the odds of a worthwhile gain are 90%; the smallest gain told is the one for which that happens in
about 80% of studies (benchmarks/power.py simulates it through the decision itself).

It imports NumPy alone, since `plan` tells it.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Of one run's score over seeds, over all 807 cells of the committed pocket results of 13 studies
# with several seeds (python benchmarks/power.py --noise): variance = RUN^2 + ITEMS p (1 - p) / n.
RUN = 0.0023
ITEMS = 1.43  # more than 1: seeds disagree on more items than the noise of one test set
HALF = 0.25  # p (1 - p), at most: the score is not known before anything is run
ODDS, POWER = 1.2816, 0.8416  # normal quantiles of 90% and 80%
EXPONENT, MOST_RANGE = 0.4, 0.3  # of the errors along an axis, where that range allows the gain
SMOOTH = 1.0  # standard deviation of the smooth deviation, in those of a run
SHAPE = 0.15  # of a gain: standard deviation over the prior shapes
# By which a gain of images is found too small where compute has fewer than three values, and the
# other way round: a share of the score, and of the noise of a run.
FLATTENED = 0.002, 0.1
# As in the law and in the odds (a test compares them).
REACH, DRIFT, WORTH, FEWEST, SPARE, ALIKE = 1.8, 0.045, 0.005, 3, 3, 0.98

DesignPoint = tuple[float, float]  # images, images presented


class Detectable(NamedTuple):
    """The smallest gain per doubling, as a share, that is recommended in about 80% of studies.

    `images`, `compute`, `labels`: None where the design cannot recommend them at all. `ladder`:
    whether images and compute grow together, so that `images` is the gain of both.
    """

    images: float | None
    compute: float | None
    labels: float | None
    ladder: bool


class _Errors(NamedTuple):
    """Of the gain of a doubling, in standard deviations of one run: as it is told, and scatter."""

    told: float
    scatter: float


def run_noise(n_test: int) -> float:
    """The likely standard deviation of one run's score over seeds, with this many test items."""
    return math.sqrt(RUN**2 + ITEMS * HALF / n_test)


def detectable(
    points: Sequence[DesignPoint], seeds: int, noise: float, labels: Sequence[float] = ()
) -> Detectable:
    """Of a design with these settings, each with so many seeds, and this noise of one run.

    `labels`: the numbers of labels that each run is measured with, where there are several.
    """
    pairs = sorted(set(points))
    alone = _detectable([(n, c, 1.0) for n, c in pairs], seeds, noise)
    if len(set(labels)) < 2:
        return alone
    laddered = [(n, c, count) for n, c in pairs for count in sorted(set(labels))]
    return alone._replace(labels=_detectable(laddered, seeds, noise).labels)


def _detectable(
    settings: Sequence[tuple[float, float, float]], seeds: int, noise: float
) -> Detectable:
    logs = np.log(np.array(settings, float).reshape(-1, 3))
    spans = [float(np.ptp(axis)) for axis in logs.T] if settings else [0.0] * 3
    ladder = min(spans[:2]) > 0 and abs(float(np.corrcoef(logs.T[:2])[0, 1])) > ALIKE
    spare = (len(settings) - 1) * (seeds - 1) + max(len(settings) - 2, 0)
    found: list[float | None] = []
    for axis in range(3):
        values = len({point[axis] for point in settings})
        if values < FEWEST or spare < SPARE or (ladder and axis == 1):
            found.append(None)
            continue
        errors = _errors(logs, spans, axis, ladder, seeds)
        along = 2 if ladder and axis == 0 else 1  # axes that the law drifts along
        told, scatter = (noise * each for each in errors)
        others = len({point[1 - axis] for point in settings}) if axis < 2 else FEWEST
        flat = FLATTENED[0] + FLATTENED[1] * noise if others < FEWEST else 0.0
        found.append(_smallest(_Errors(told, scatter), flat, spans[axis], along))
    images, compute, by_labels = found
    return Detectable(images, compute, by_labels, ladder)


def _smallest(errors: _Errors, flat: float, span: float, along: int) -> float:
    """The gain that is seen, where the drift in its error grows with it.

    The drift is a share of the range of the errors: that of a power law whose next doubling brings
    the gain, or of a flatter one whose range is usual, but at least of a straight line.
    """
    doublings = span / math.log(2)
    reach = (2 ** (EXPONENT * doublings) - 1) / (1 - 2**-EXPONENT)
    gain = WORTH
    for _ in range(60):
        across = max(min(reach * gain, MOST_RANGE), doublings * gain)
        drift = DRIFT * along * math.log(2) * min(across, 1.0)
        told = math.hypot(errors.told, drift, SHAPE * gain)
        gain = WORTH + flat + ODDS * told + POWER * errors.scatter
    return gain


def _errors(
    logs: NDArray[np.float64], spans: Sequence[float], axis: int, ladder: bool, seeds: int
) -> _Errors:
    """Of the gain of a doubling from the largest setting."""
    now = logs.max(axis=0)
    then = now + math.log(2) * (np.array([1, 1, 0]) if ladder and axis == 0 else np.eye(3)[axis])
    at = np.stack([now, then])
    lines = [i for i in range(3) if spans[i] > 0 and not (ladder and i == 1)]
    columns = np.column_stack([np.ones(len(logs)), logs[:, lines]])
    contrast = np.array([-1.0, 1.0])
    inverse = np.linalg.inv(_near(logs, logs) + np.eye(len(logs)) / seeds)
    towards = _near(logs, at) @ contrast
    wanted = np.column_stack([np.ones(2), at[:, lines]]).T @ contrast
    left = wanted - columns.T @ inverse @ towards
    among = np.linalg.pinv(columns.T @ inverse @ columns)
    variance = contrast @ _near(at, at) @ contrast - towards @ inverse @ towards
    variance += left @ among @ left
    weights = inverse @ (towards + columns @ among @ left)  # of the measured means
    return _Errors(
        math.sqrt(max(float(variance), 0.0)), math.sqrt(float(weights @ weights) / seeds)
    )


def _near(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Covariance of the smooth deviations at two sets of places."""
    squared = ((a[:, None] - b[None]) ** 2).sum(axis=-1)
    near: NDArray[np.float64] = SMOOTH**2 * np.exp(-0.5 * squared / REACH**2)
    return near
