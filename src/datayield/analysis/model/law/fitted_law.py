"""One law for images, compute, labels and views: a Bayesian average, as samples of errors.

The law is a form of `forms` plus a smooth deviation from it (a Gaussian process in the logarithms
of what was spent, whose size is averaged over) plus noise. Amplitudes are solved for each draw of
the form, from data perturbed by as much as they are uncertain, so that the samples cover them;
draws weigh by their likelihood, with a penalty of half a ln n for each term that is not zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from datayield.analysis.evidence import Setting, World
from datayield.analysis.model.law.cells import MeasuredCells, cells_of
from datayield.analysis.model.law.forms import DRAWS, Draws, Floats, Places, prior
from datayield.analysis.model.law.nonnegative import gram_of, nonnegative

SAMPLES = 4096
DEVIATIONS = (0.0, 1.0, 2.0, 4.0)  # of the smooth part, in standard deviations of one run
REACH = 1.8  # in natural logarithms, about 6 times as much: how far a deviation reaches
NOISE = 0.004  # of one run, before any is seen
NOISE_RUNS = 3.0  # runs that this is worth
DRIFT = 0.045  # of the range of measured errors, per natural logarithm beyond what was measured
SHARED = 0.5  # of the other worlds' mean log likelihood that a form inherits


class _Solved(NamedTuple):
    """The draws solved for one size of the smooth deviation."""

    size: float
    precision: Floats  # [n, n], of the errors in units of a run's variance
    amplitudes: Floats  # [DRAWS, k], from perturbed data
    noise: Floats  # [DRAWS], standard deviation of one run
    support: Floats  # [DRAWS], log likelihood


class SolvedCells(NamedTuple):
    """The cells of one world, solved for each size of the smooth deviation."""

    world: World
    cells: MeasuredCells
    parts: tuple[_Solved, ...]


@dataclass(frozen=True, eq=False)
class FittedLaw:
    """The law of one task and method. `weights` [sizes of the deviation * DRAWS] sum to 1."""

    world: World
    cells: MeasuredCells
    solved: tuple[_Solved, ...]
    weights: Floats
    _without: dict[tuple[Setting, ...], SolvedCells] = field(
        default_factory=dict, init=False, repr=False
    )

    def __getstate__(self) -> dict[str, object]:
        """What another process gets: not the solved cells that are kept."""
        return self.__dict__ | {"_without": {}}

    def without(self, hidden: Sequence[Setting]) -> SolvedCells:
        """Its cells without some, solved once: a doubt and the back-test hide the same ones."""
        key = tuple(hidden)
        if key not in self._without:
            self._without[key] = solved(self.world, self.cells.without(key))
        return self._without[key]

    def errors(self, settings: Sequence[Setting], again: bool = False) -> Floats:
        """Samples [SAMPLES, m] of the error at settings; `again`: as one more run measures it."""
        at = self.cells.places_of(settings)
        rng = np.random.Generator(np.random.PCG64(41))
        picked = self._picked(rng)
        gaps = _nearness(at, self.cells.places)
        among = _nearness(at, at)
        drawn = rng.standard_normal((SAMPLES, len(settings)))
        noise = rng.standard_normal((SAMPLES, len(settings)))
        errors = np.zeros((SAMPLES, len(settings)))
        for i, part in enumerate(self.solved):
            mine = np.flatnonzero(picked // DRAWS == i)
            # few draws fit well, so that most samples share theirs with others
            draws, which = np.unique(picked[mine] % DRAWS, return_inverse=True)
            amplitudes, scale = part.amplitudes[draws], part.noise[draws][which][:, None]
            means = np.einsum("dmk,dk->dm", _terms(self.cells, at, draws), amplitudes)
            values = means[which]
            if part.size and len(mine):
                measured = _terms(self.cells, self.cells.places, draws)
                left = self.cells.errors - np.einsum("dnk,dk->dn", measured, amplitudes)
                gain = part.size**2 * gaps @ part.precision
                values += (left @ gain.T)[which]
                spread = part.size**2 * (among - gain @ gaps.T)
                root = np.linalg.cholesky(spread + 1e-9 * np.eye(len(settings)))
                values += scale * (drawn[mine] @ root.T)
            if again:
                values += scale * noise[mine]
            errors[mine] = values
        drift = DRIFT * np.ptp(self.cells.errors) * self._beyond(at)
        return np.clip(errors + drift * rng.standard_normal((SAMPLES, 1)), 0.0, 1.0)

    @property
    def noise(self) -> float:
        """Standard deviation of one run's score, as the law estimates it."""
        return float(self.weights @ np.concatenate([part.noise for part in self.solved]))

    def _picked(self, rng: np.random.Generator) -> Draws:
        """Draws in proportion to their weights, in random order: [SAMPLES]."""
        even = (np.arange(SAMPLES) + 0.5) / SAMPLES
        picked = np.searchsorted(np.cumsum(self.weights) * (1 + 1e-12), even)
        return rng.permutation(np.minimum(picked, len(self.weights) - 1)).astype(np.int64)

    def _beyond(self, at: Places) -> Floats:
        """How far, in natural logarithms over all axes, beyond what was measured: [m]."""
        measured = self.cells.places.logs
        low, high = measured.min(axis=1)[:, None], measured.max(axis=1)[:, None]
        beyond: Floats = (np.maximum(at.logs - high, 0) + np.maximum(low - at.logs, 0)).sum(axis=0)
        return beyond


def fit_laws(worlds: Sequence[World]) -> list[FittedLaw]:
    """The laws of all worlds; each form is favoured a little where it fits the others well."""
    return pooled([solved(world, cells_of(world)) for world in worlds])


def pooled(measured: Sequence[SolvedCells]) -> list[FittedLaw]:
    """As `fit_laws`, for cells that are solved."""
    support = [np.concatenate([part.support for part in each.parts]) for each in measured]
    laws = []
    for i, (world, cells, parts) in enumerate(measured):
        own, others = support[i], [s for j, s in enumerate(support) if j != i]
        if others:
            own = own + SHARED * np.mean(others, axis=0)
        own = own + np.tile(prior().log_odds, len(DEVIATIONS))
        weights = np.exp(own - own.max())
        laws.append(FittedLaw(world, cells, parts, weights / weights.sum()))
    return laws


def solved(world: World, cells: MeasuredCells) -> SolvedCells:
    """The amplitudes of all draws, before draws are weighed."""
    n = len(cells.errors)
    rng = np.random.Generator(np.random.PCG64(22))
    normal = rng.standard_normal((DRAWS, n)).T
    near, of_runs = _nearness(cells.places, cells.places), cells.noise
    terms = np.ascontiguousarray(_terms(cells, cells.places).transpose(1, 2, 0))  # draws last
    known = cells.squares + NOISE_RUNS * NOISE**2
    parts = []
    for size in DEVIATIONS:
        whiten = np.linalg.inv(np.linalg.cholesky(size**2 * near + of_runs))
        columns = np.tensordot(whiten, terms, 1)
        gram = gram_of(columns)
        values = np.repeat((whiten @ cells.errors)[:, None], DRAWS, axis=1)
        central, left = nonnegative(columns, gram, values)
        used = (central > 0).sum(axis=0)
        support = -0.5 * (n + cells.freedom + NOISE_RUNS) * np.log(left + known)
        support += np.log(np.diag(whiten)).sum() - 0.5 * used * np.log(n)
        freedom = np.maximum(n - used, 1) + cells.freedom + NOISE_RUNS
        noise = np.sqrt((left + known) / rng.chisquare(freedom))
        amplitudes, _ = nonnegative(columns, gram, values + noise * normal)
        parts.append(_Solved(size, whiten.T @ whiten, amplitudes.T, noise, support))
    return SolvedCells(world, cells, tuple(parts))


def _terms(cells: MeasuredCells, at: Places, draws: Draws | None = None) -> Floats:
    """See `FormDraws.terms`; of all draws, or of some."""
    measured = cells.places
    reference = Places(*(axis.max(keepdims=True) for axis in measured))
    varying = tuple(len(set(axis.tolist())) > 1 for axis in measured[2:])
    forms = prior() if draws is None else prior().only(draws)
    return forms.terms(at, reference, (varying[0], varying[1]))


def _nearness(at: Places, to: Places) -> Floats:
    """Correlation of the smooth deviations at two sets of places: [m, n]."""
    squared = ((at.logs[:, :, None] - to.logs[:, None, :]) ** 2).sum(axis=0)
    near: Floats = np.exp(-0.5 * squared / REACH**2)
    return near
