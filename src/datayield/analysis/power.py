"""What a planned design can decide: the smallest gain per doubling that it would recommend.

For the largest setting, the gain of one more doubling has a standard error under the law's own
model without its prior shapes: a line in the logarithms of images and compute, a smooth deviation,
the noise of runs, and the drift beyond what was measured. A lever is recommended where the odds of
a worthwhile gain are 90%; the smallest gain told is the one for which that happens in about 80% of
studies (benchmarks/power.py simulates it through the decision itself).

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
EXPONENT, MOST_RANGE = 0.4, 0.3  # of the errors along an axis
SMOOTH = 0.5  # standard deviation of the smooth deviation, in those of a run
# As in the law and in the odds (a test compares them).
REACH, DRIFT, WORTH, FEWEST, SPARE, ALIKE = 1.8, 0.045, 0.005, 3, 3, 0.98

DesignPoint = tuple[float, float]  # images, images presented


class Detectable(NamedTuple):
    """The smallest gain per doubling, as a share, that is recommended in about 80% of studies.

    `images`, `compute`: None where the design cannot recommend them at all. `ladder`: whether both
    grow together, so that `images` is the gain of both.
    """

    images: float | None
    compute: float | None
    ladder: bool


def run_noise(n_test: int) -> float:
    """The likely standard deviation of one run's score over seeds, with this many test items."""
    return math.sqrt(RUN**2 + ITEMS * HALF / n_test)


def detectable(points: Sequence[DesignPoint], seeds: int, noise: float) -> Detectable:
    """Of a design with these settings, each with so many seeds, and this noise of one run."""
    settings = sorted(set(points))
    logs = np.log(np.array(settings, float).reshape(-1, 2))
    spans = [float(np.ptp(axis)) for axis in logs.T] if settings else [0.0, 0.0]
    ladder = min(spans) > 0 and abs(float(np.corrcoef(logs.T)[0, 1])) > ALIKE
    spare = (len(settings) - 1) * (seeds - 1) + max(len(settings) - 2, 0)
    found: list[float | None] = []
    for axis in (0, 1):
        values = len({point[axis] for point in settings})
        if values < FEWEST or spare < SPARE or (ladder and axis == 1):
            found.append(None)
            continue
        error = _standard_error(logs, spans, axis, ladder, seeds) * noise
        found.append(_smallest(error, spans[axis] / math.log(2)))
    return Detectable(found[0], found[1], ladder)


def _smallest(error: float, doublings: float) -> float:
    """The gain g with g = worth + (odds + power) s, where the drift in s grows with g.

    The drift is a share of the range of the errors: that of a power law whose next doubling brings
    g, but no more than is usual.
    """
    reach = (2 ** (EXPONENT * doublings) - 1) / (1 - 2**-EXPONENT)
    gain = WORTH
    for _ in range(60):
        drift = DRIFT * math.log(2) * min(reach * gain, MOST_RANGE)
        gain = WORTH + (ODDS + POWER) * math.hypot(error, drift)
    return gain


def _standard_error(
    logs: NDArray[np.float64], spans: Sequence[float], axis: int, ladder: bool, seeds: int
) -> float:
    """Of the gain of a doubling from the largest setting, in standard deviations of one run."""
    now = logs.max(axis=0)
    then = now + math.log(2) * (np.ones(2) if ladder else np.eye(2)[axis])
    at = np.stack([now, then])
    lines = [i for i in (0, 1) if spans[i] > 0 and not (ladder and i == 1)]
    columns = np.column_stack([np.ones(len(logs)), logs[:, lines]])
    contrast = np.array([-1.0, 1.0])
    measured = _near(logs, logs) + np.eye(len(logs)) / seeds
    inverse = np.linalg.inv(measured)
    towards = _near(logs, at) @ contrast
    wanted = np.column_stack([np.ones(2), at[:, lines]]).T @ contrast
    left = wanted - columns.T @ inverse @ towards
    variance = contrast @ _near(at, at) @ contrast - towards @ inverse @ towards
    variance += left @ np.linalg.pinv(columns.T @ inverse @ columns) @ left
    return math.sqrt(max(float(variance), 0.0))


def _near(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Covariance of the smooth deviations at two sets of places."""
    squared = ((a[:, None] - b[None]) ** 2).sum(axis=-1)
    near: NDArray[np.float64] = SMOOTH**2 * np.exp(-0.5 * squared / REACH**2)
    return near
