"""Power laws fitted to the yield curves: parameters, band, forecast and diagnostics."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from datayield.analysis.model.left_out import left_out_errors
from datayield.analysis.model.power_law import C_BOUNDS, Array, Law, fit_robust
from datayield.analysis.results import CurveKey, Point

FEWEST_SIZES = 4
DRAWS = 600
_SPANS_BOUNDS = 0.8  # fraction of the range of ln c above which an interval leaves c undetermined
_NO_GAIN = 1e-4  # b >= 0 keeps bootstrapped gains from being negative: a bound this low covers 0


class FitEstimate(NamedTuple):
    """A value with its 95% bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """e(N) = a + b N^-c fitted to error, N in images. `grid` runs to 4 times the largest N."""

    a: FitEstimate  # irreducible error
    b: FitEstimate
    c: FitEstimate
    gain: FitEstimate  # fall of the error from the smallest to the largest size
    grid: tuple[float, ...]
    error: tuple[FitEstimate, ...]  # at `grid`
    forecasts: tuple[tuple[int, FitEstimate], ...]  # (N, error) at 2 and 4 times the largest N


@dataclass(frozen=True, slots=True)
class CurveFit:
    """One curve's fit. `left_out` is the leave-one-size-out RMS error of each form.

    `law` exists whenever there are four sizes; it is supported only if `verdict` is decided.
    """

    key: CurveKey
    law: PowerLaw | None
    left_out: dict[str, float]
    verdict: Literal["decided", "inconclusive"]
    reason: str

    @property
    def best(self) -> str:
        """The form that predicts left-out sizes best; '' if none was fitted."""
        return min(self.left_out, key=lambda form: self.left_out[form], default="")


def fits(
    curves: dict[CurveKey, list[Point]], draws: int = DRAWS, seed: int = 0
) -> dict[CurveKey, CurveFit]:
    """Every curve's fit, by its evaluation's main metric."""
    return {key: fit_curve(line, draws, seed) for key, line in curves.items()}


def fit_curve(line: list[Point], draws: int = DRAWS, seed: int = 0) -> CurveFit:
    """Fit the points of one curve, with `draws` bootstrap draws from `seed`."""
    key = line[0].key
    if len(line) < FEWEST_SIZES:
        have = f"{len(line)} size{'' if len(line) == 1 else 's'}"
        return CurveFit(key, None, {}, "inconclusive", f"{have}; a law with an offset needs four")
    sizes = np.array([float(p.n) for p in line])
    values = [[1 - value for _, value in p.seeds.values] for p in line]
    cell = np.repeat(np.arange(len(line)), [len(v) for v in values])
    errors = np.concatenate([np.asarray(v) for v in values])
    central = fit_robust(sizes, cell, errors[None])
    curve = central.error(sizes)[0]
    drawn = fit_robust(sizes, cell, _bootstrap(curve, line, draws, seed))
    law = _power_law(sizes, central, drawn)
    left_out = left_out_errors(sizes, np.array([np.mean(v) for v in values]))
    reason = _doubt(law, left_out)
    return CurveFit(key, law, left_out, "inconclusive" if reason else "decided", reason)


def _bootstrap(curve: Array, line: list[Point], draws: int, seed: int) -> Array:
    """Bootstrap data around the fitted curve: [D, P].

    A seed that ran at every size has an effect that shifts the whole curve; it is resampled once
    per draw. The residuals of each cell's seeds are resampled within the cell (both widened by
    sqrt(S / (S - 1)), which a bootstrap of S values lacks). Deviations of the means from the curve
    beyond that noise are misfit, and are resampled over the sizes with random sign.
    """
    rng = np.random.default_rng(seed)
    values = [p.seeds.by_seed for p in line]
    centred = [
        {s: float(np.mean([*v.values()])) - x for s, x in v.items()} for v in values
    ]  # of errors
    common = sorted(set.intersection(*(set(v) for v in values)))
    level = {s: float(np.mean([c[s] for c in centred])) for s in common}
    if len(level) < 2:
        level = {}
    cells = [_widened([x - level.get(s, 0.0) for s, x in c.items()]) for c in centred]
    misfit = np.array([1 - np.mean([*v.values()]) for v in values]) - curve
    explained = float(np.mean([c.var() / len(c) for c in cells]))
    observed = float(np.mean(misfit**2)) * len(line) / max(len(line) - 3, 1)
    widen = np.sqrt(max(0.0, observed - explained) / max(float(np.mean(misfit**2)), 1e-300))
    shift = 0.0
    if level:
        shift = rng.choice(_widened([*level.values()]), (draws, len(level))).mean(axis=1)
    columns = []
    for at, own in zip(curve, cells, strict=True):
        off = widen * rng.choice(misfit, draws) * rng.choice([-1.0, 1.0], draws)
        columns.append((at + off + shift)[:, None] + rng.choice(own, (draws, len(own))))
    return np.concatenate(columns, axis=1)


def _widened(deviations: list[float]) -> Array:
    v = np.asarray(deviations)
    return np.asarray((v - v.mean()) * np.sqrt(len(v) / max(len(v) - 1, 1)))


def _power_law(sizes: Array, central: Law, drawn: Law) -> PowerLaw:
    top = sizes[-1]
    grid = np.geomspace(sizes[0], 4 * top, 41)
    ends = np.array([sizes[0], sizes[-1]])
    ahead = np.array([2 * top, 4 * top])
    gain = (-np.diff(law.error(ends), axis=1)[:, 0] for law in (central, drawn))
    far = _estimates(central.error(ahead)[0], drawn.error(ahead))
    return PowerLaw(
        a=_estimate(central.a, drawn.a),
        b=_estimate(central.b_per_image, drawn.b_per_image),
        c=_estimate(central.c, drawn.c),
        gain=_estimate(*gain),
        grid=tuple(float(n) for n in grid),
        error=tuple(_estimates(central.error(grid)[0], drawn.error(grid))),
        forecasts=tuple((int(n), e) for n, e in zip(ahead, far, strict=True)),
    )


def _estimate(value: Array, drawn: Array) -> FitEstimate:
    return _estimates(value, drawn[:, None])[0]


def _estimates(value: Array, drawn: Array) -> list[FitEstimate]:
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    return [
        FitEstimate(float(v), float(min(lo, v)), float(max(hi, v)))
        for v, lo, hi in zip(value, low, high, strict=True)
    ]


def _doubt(law: PowerLaw, left_out: dict[str, float]) -> str:
    """Why the law is not supported; '' if nothing speaks against it."""
    if left_out["power law"] >= left_out["constant"]:
        return "it predicts a left-out size no better than a constant"
    if law.gain.low <= _NO_GAIN:
        return "the interval of the total gain contains 0"
    low, high = C_BOUNDS
    if np.log(law.c.high / law.c.low) > _SPANS_BOUNDS * np.log(high / low):
        return f"the exponent is not identified: {law.c.low:.2g} to {law.c.high:.2g} all fit"
    return ""
