"""Forecasts along one axis: the error at sizes that were not measured, with an interval.

A Bayesian average over smooth shapes (`shapes`), each with a slope that wanders about it and with
noise. Per shape and ratio of wandering to noise, level and noise are integrated out exactly, so
every pair has a likelihood and predicts a Student's t; the average of all is the forecast.
"""

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from datayield.analysis.forecasting.quasi_random import Floats, normal, spread, student
from datayield.analysis.forecasting.shapes import prior
from datayield.spec.errors import ConfigError

FEWEST = 4  # sizes; with fewer, half of the last slope is all that is said
MOST = 64  # sizes; of more, neighbours are averaged
FUTURES = 4096  # sampled, for the interval
UNLIKELY = 1e-8  # a shape that the mean leaves out
MISTAKEN = np.log(1.1)  # a rise at every size, by more than this in all: accuracies, perhaps
AT_ONCE = 128  # sizes ahead, which bounds the memory

# How far slopes wander in a unit of ln size, relative to the noise -> prior
WANDERING = {0.0: 0.3, 1.0: 0.3, 2.5: 0.25, 6.0: 0.1, 15.0: 0.05}
NOISE, NOISE_COUNT = 0.012, 2.0  # of ln error: expected before a size is seen, for so many sizes
# Of ln error per unit of ln size ahead: what no shape foresees. With few sizes the spread of the
# shapes covers it; many sizes leave few shapes, and these are too sure of themselves.
SLACK = {8: 0.01, 20: 0.025}
# Errors that are shares start between half and all: ln of both, scales, and the most it may cost
HALF_WRONG, BELOW = np.log(0.5), 0.2
ALL_WRONG, ABOVE = np.log(1.05), 0.1
DOUBT = 5.0


_MISSING = {"errors": "leave out what was not measured, its size too"}
_HINTS = {  # for a value of 0, by argument
    "sizes": "leave the size 0 out, its error too: no law of sizes reaches it",
    "errors": "state half of the smallest error that can be seen: 0.5 / number of test items",
    "at": "leave the size 0 out: no law of sizes reaches it",
}


class Forecast(NamedTuple):
    """Expected errors and a central interval, [m] each; the interval is NaN below four sizes."""

    mean: Floats
    low: Floats
    high: Floats


class _Curve(NamedTuple):
    """Sizes ascending and each once: ln sizes relative to the last, mean ln errors, counts, [n]."""

    last: float
    t: Floats
    z: Floats
    counts: Floats
    within: float  # sum of squares of repeated measurements about their mean
    degrees: float  # of freedom of the noise, with those of its prior


class _Fit(NamedTuple):
    """All shapes under one ratio of wandering to noise; [D] but for `whitener` and `residual`."""

    ratio: float
    whitener: Floats  # [n, n]: inverse root of the covariance
    residual: Floats  # [n, D], whitened
    level: Floats
    scale: Floats
    log_likelihood: Floats


def forecast(sizes: ArrayLike, errors: ArrayLike, at: ArrayLike, level: float = 0.9) -> Forecast:
    """The error at the sizes `at` [m], from errors [n] measured at `sizes` [n].

    Errors are shares above 0 (1 - accuracy) or any loss; repeated sizes are averaged, order does
    not matter. `mean` is the expectation of the logarithm, and the interval of probability `level`
    is that of one more measurement. Where no error is above 1, all are taken as shares: no forecast
    is above 1, and curves start most likely between half and all wrong. Below four different sizes
    the mean follows half of the last slope, and there is no interval. Raises ConfigError for
    anything but finite numbers above 0, and warns of errors that rise with every size, since these
    may be accuracies.

    >>> f = forecast([1000, 2000, 4000, 8000], [0.52, 0.45, 0.40, 0.36], at=[16000])
    >>> f"{f.mean[0]:.2f}, {f.low[0]:.2f} to {f.high[0]:.2f}"
    '0.32, 0.31 to 0.34'
    """
    x, y, ahead = (
        _numbers(values, name)
        for values, name in ((sizes, "sizes"), (errors, "errors"), (at, "at"))
    )
    if len(x) != len(y) or not len(x):
        raise ConfigError(
            "sizes and errors differ in number, or there are none",
            where="forecast: sizes, errors",
            got=f"{len(x)} sizes, {len(y)} errors",
            allowed="one error for each size, at least one size",
        )
    if not isinstance(level, float | int | np.number) or not 0 < level < 1:
        raise ConfigError(
            "level is not a probability",
            where="forecast: level",
            got=level,
            allowed="above 0 and below 1",
            hint="level=0.9 gives a 90% interval",
        )
    curve = _curve(x, y)
    if len(curve.t) > 2 and (np.diff(curve.z) > 0).all() and np.ptp(curve.z) > MISTAKEN:
        warnings.warn(
            "forecast: errors rise with every size; if these are accuracies, pass 1 - accuracy",
            stacklevel=2,
        )
    to = np.log(ahead) - curve.last
    logs = _average(curve, to, level) if len(curve.t) >= FEWEST else _half_slope(curve, to)
    ceiling = 0.0 if y.max() <= 1 else np.inf
    return Forecast(*np.exp(np.clip(logs, -700.0, min(ceiling, 700.0))))


def _average(curve: _Curve, to: Floats, level: float) -> Floats:
    """ln of mean, low and high, [3, m]."""
    shapes = prior()
    seen = shapes.log_error(curve.t)
    fits = [_fit(curve, seen, ratio, share) for ratio, share in WANDERING.items()]
    score = np.array([fit.log_likelihood for fit in fits])
    if curve.z.max() <= 0:  # shares
        start = np.array([fit.level for fit in fits]) + shapes.log_start()
        score -= np.nan_to_num(_implausible(start))
    posterior = np.exp(score - score.max())
    posterior /= posterior.sum()
    parts = range(0, len(to), AT_ONCE)
    told = [_predict(curve, fits, posterior, to[i : i + AT_ONCE], level) for i in parts]
    return np.concatenate(told, axis=1) if told else np.empty((3, 0))


def _implausible(start: Floats) -> Floats:
    """What a start costs in log likelihood: a model that has learnt nothing errs often."""
    above: Floats = 0.5 * (np.maximum(0.0, start - ALL_WRONG) / ABOVE) ** 2
    below: Floats = 0.5 * (np.maximum(0.0, HALF_WRONG - start) / BELOW) ** 2
    return above + np.minimum(DOUBT, below)


def _fit(curve: _Curve, seen: Floats, ratio: float, share: float) -> _Fit:
    """Level and noise of every shape, and how likely it is; `share` is the prior of the ratio."""
    covariance = np.diag(1 / curve.counts) + ratio**2 * _wandering(curve.t, curve.t)
    whitener = np.linalg.inv(np.linalg.cholesky(covariance))
    ones = whitener.sum(axis=1)
    total = ones @ ones
    residual = _product(whitener, curve.z[:, None] - seen)
    level = np.einsum("n,nd->d", ones, residual) / total
    residual -= ones[:, None] * level
    squares = np.einsum("nd,nd->d", residual, residual) + curve.within + NOISE_COUNT * NOISE**2
    likelihood = -0.5 * curve.degrees * np.log(squares) - 0.5 * np.log(total) + np.log(share)
    likelihood += np.log(np.diag(whitener)).sum()
    scale = np.sqrt(squares / curve.degrees)
    return _Fit(ratio, whitener, residual, level, scale, likelihood)


def _product(square: Floats, wide: Floats) -> Floats:
    """square @ wide in blocks: too small for several threads, which on a busy machine only wait."""
    blocks = wide.reshape(len(wide), -1, 128).swapaxes(0, 1)
    product: Floats = (square @ blocks).swapaxes(0, 1).reshape(wide.shape)
    return product


def _wandering(t: Floats, u: Floats) -> Floats:
    """Covariance of a slope's random walk, summed from the last size: nothing links both sides."""
    near, far = np.minimum.outer(np.abs(t), np.abs(u)), np.maximum.outer(np.abs(t), np.abs(u))
    same: NDArray[np.bool_] = np.multiply.outer(t, u) > 0
    return np.where(same, near**2 * (3 * far - near) / 6, 0.0)


def _predict(
    curve: _Curve, fits: list[_Fit], posterior: Floats, to: Floats, level: float
) -> Floats:
    """Mean of the average and quantiles of its futures, [3, m]: a shape, its level, its noise."""
    shapes, u = prior(), spread(3, FUTURES)
    weight = posterior.sum(axis=0)
    likely = np.flatnonzero(weight > UNLIKELY)
    mean = shapes.chosen(likely).log_error(to) @ (weight[likely] / weight[likely].sum())
    drawn = np.searchsorted(np.cumsum(posterior.ravel()), u[0] * (1 - 1e-9))
    which, shape = np.divmod(drawn, posterior.shape[1])
    noise, slack = student(u[1], curve.degrees), normal(u[2])
    futures = np.empty((len(to), FUTURES))
    for i, (fit, weights) in enumerate(zip(fits, posterior, strict=True)):
        known = fit.ratio**2 * _wandering(to, curve.t) @ fit.whitener.T  # [m, n]
        mean += fit.level @ weights + known @ (fit.residual @ weights)
        mine = which == i
        at = shape[mine]
        ones = fit.whitener.sum(axis=1)
        variance = 1 + fit.ratio**2 * np.abs(to) ** 3 / 3 - (known**2).sum(axis=1)
        variance += (1 - known @ ones) ** 2 / (ones @ ones)
        expected = shapes.chosen(at).log_error(to) + fit.level[at] + known @ fit.residual[:, at]
        spread_of = np.sqrt(variance)[:, None] * fit.scale[at]
        futures[:, mine] = expected + spread_of * noise[mine]
    outside = np.maximum(to, 0) + np.maximum(curve.t[0] - to, 0)
    unforeseen = np.interp(len(curve.t), list(SLACK), list(SLACK.values()))
    futures += unforeseen * outside[:, None] * slack
    low, high = np.quantile(futures, [(1 - level) / 2, (1 + level) / 2], axis=1)
    return np.array([mean, np.minimum(low, mean), np.maximum(high, mean)])


def _half_slope(curve: _Curve, to: Floats) -> Floats:
    """ln of the mean [3, m]; interpolated among the sizes, with half of the slope beyond them."""
    first = last = 0.0
    if len(curve.t) > 1:
        slopes = np.clip(0.5 * np.diff(curve.z) / np.diff(curve.t), -1.0, 1.0)
        first, last = slopes[0], slopes[-1]
    mean = np.interp(to, curve.t, curve.z)
    mean += last * np.maximum(to, 0) + first * np.minimum(to - curve.t[0], 0)
    return np.array([mean, np.full_like(mean, np.nan), np.full_like(mean, np.nan)])


def _curve(sizes: Floats, errors: Floats) -> _Curve:
    t, z = np.log(sizes), np.log(errors)
    unique, place = np.unique(t, return_inverse=True)
    if len(unique) > MOST:
        bins = np.linspace(unique[0], unique[-1], MOST + 1)[1:-1]
        place = np.unique(np.searchsorted(bins, t, "right"), return_inverse=True)[1]
    counts = np.bincount(place).astype(float)
    at, mean = np.bincount(place, t) / counts, np.bincount(place, z) / counts
    within, free = 0.0, len(at) - 1  # within a bin the curve itself falls: no measure of noise
    if len(unique) <= MOST:
        within, free = float(((z - mean[place]) ** 2).sum()), len(z) - 1
    return _Curve(float(at[-1]), at - at[-1], mean, counts, within, NOISE_COUNT + free)


def _numbers(values: ArrayLike, name: str) -> Floats:
    """One array of finite numbers above 0, or an error that shows the first other value."""
    got: object = values
    where = f"forecast: {name}"
    hint = ""
    try:
        numbers = np.atleast_1d(np.asarray(values, np.float64))
    except (TypeError, ValueError):
        numbers = None
    if numbers is not None and numbers.ndim == 1:
        wrong = np.flatnonzero(~(np.isfinite(numbers) & (numbers > 0)))
        if not len(wrong):
            return numbers
        got, where = numbers[wrong[0]], f"{where}[{wrong[0]}]"
        hint = _HINTS[name] if got == 0 else _MISSING.get(name, "")
    raise ConfigError(
        f"{name} must be finite numbers above 0, in one list",
        where=where,
        got=got,
        allowed="above 0 and finite",
        hint=hint,
    )
