"""The forms that the law averages over: error as a sum of non-negative terms in N, C, L and V.

All start from e = E + terms that are 1 at the reference point. The non-linear parameters are drawn
from a prior; the amplitudes are solved for. With D' = U + U R (1 - exp(-r / R)), U = min(N, C) and
r = max(C / N - 1, 0), repeated images are worth less and less (Muennighoff et al. 2023, eq. 5,
arXiv 2305.16264):

    repeats       D'^-b
    repeats, C    D'^-b, C^-a
    additive      N^-a, C^-b
    overfitting   C^-b, (C / N)^k: many passes over few images hurt
    few passes    D'^-b, (N / C)^k: at a fixed C, too many images hurt

and, where they vary, L^-g for labels and V^-h for views. In half of the draws L^-g multiplies the
terms in N and C too: what images and compute buy shrinks with the labels that there are.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]
Draws = NDArray[np.int64]  # [d], indices of some of them
DRAWS = 1024  # of the non-linear parameters
FORMS = 5
TYPICAL = 0.35  # exponent of a power law of error in images or compute
SPREAD = 0.7  # of its logarithm
HARM = 0.5  # spread of the exponent by which too many passes, or too few, hurt
HARM_ODDS = 0.5  # of the two forms in which more can hurt, against the others
REPEATS = (3.0, 3000.0)  # passes after which a repeated image is worth little: fresh views last


class Places(NamedTuple):
    """Where the law is evaluated, [n] each: images, presented, labels and views."""

    images: Floats
    presented: Floats
    labels: Floats
    views: Floats

    @property
    def logs(self) -> Floats:
        """[4, n]."""
        return np.log(np.stack(self))


class FormDraws(NamedTuple):
    """Draws of the prior, [DRAWS, 1] each."""

    form: NDArray[np.int64]
    images: Floats
    compute: Floats
    repeats: Floats
    ratio: Floats
    labels: Floats
    views: Floats
    shrinks: NDArray[np.bool_]  # whether the terms in N and C shrink with the labels

    def terms(self, at: Places, reference: Places, varying: tuple[bool, bool]) -> Floats:
        """The terms at n places, each 1 at the reference (of one place): [DRAWS, n, 3 to 5].

        `varying`: whether labels and views get a term.
        """
        ln, lc, ll, lv = at.logs - reference.logs
        fresh = -self.compute * (self._log_worth(at) - self._log_worth(reference))
        in_compute = -self.compute * lc
        first = np.exp(
            np.choose(
                self.form,
                [fresh, fresh, -self.images * ln, in_compute, fresh],
            )
        )
        ratio = self.ratio * (lc - ln)
        second = np.exp(
            np.choose(
                self.form,
                [
                    np.full_like(fresh, -np.inf),
                    -self.images * lc,
                    in_compute,
                    ratio,
                    -ratio,
                ],
            )
        )
        of_labels = np.exp(-self.labels * ll)
        shrunk = np.where(self.shrinks, of_labels, 1.0)
        made = [np.ones_like(first), shrunk * first, shrunk * second]
        if varying[0]:
            made.append(of_labels)
        if varying[1]:
            made.append(np.exp(-self.views * lv))
        return np.stack(made, axis=-1)

    @property
    def log_odds(self) -> Floats:
        """Of the forms before any data, [DRAWS]."""
        return np.where(np.isin(self.form[:, 0], (3, 4)), np.log(HARM_ODDS), 0.0)

    def only(self, draws: Draws) -> "FormDraws":
        """Those draws alone."""
        return FormDraws._make(each[draws] for each in self)

    def _log_worth(self, at: Places) -> Floats:
        """ln D', [DRAWS, n]."""
        seen = np.minimum(at.images, at.presented)
        passes = np.maximum(at.presented / at.images - 1, 0)
        worth: Floats = np.log(seen * (1 + self.repeats * -np.expm1(-passes / self.repeats)))
        return worth


@lru_cache(maxsize=1)
def prior() -> FormDraws:
    """The draws: the same ones each time, so that an answer does not depend on a seed."""
    u = np.random.Generator(np.random.PCG64(14)).random((7, DRAWS, 1))
    around = np.exp(np.log(TYPICAL) + SPREAD * ndtri(u))
    low, high = np.log(REPEATS)
    return FormDraws(
        form=np.arange(DRAWS, dtype=np.int64)[:, None] % FORMS,
        images=around[0],
        compute=around[1],
        repeats=np.exp(low + (high - low) * u[2]),
        ratio=np.exp(np.log(TYPICAL) + HARM * ndtri(u[3])),
        labels=around[4],
        views=around[5],
        shrinks=np.arange(DRAWS)[:, None] // FORMS % 2 == 1,
    )
