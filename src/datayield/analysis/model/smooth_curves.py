"""The noise of one seed, from the scatter of its sizes about smooth curves.

A single seed cannot show how seeds differ. But where lines have many sizes, their scatter about a
parabola in log N contains the noise of each run. What the sizes of a line share, a parabola hides:
so the correlation along the line is averaged over its posterior, as with several seeds.
"""

from collections.abc import Sequence

import numpy as np

from datayield.analysis.model.restricted_likelihood import RHO, Floats

PARAMETERS = 3
FEWEST = 6  # degrees of freedom, at least, for an interval


def scatter(lines: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats, int]:
    """(sum of squares [rho], log determinant [rho], degrees of freedom) of lines (x, score)."""
    square, log_det, df = np.zeros(len(RHO)), np.zeros(len(RHO)), 0
    for x, y in lines:
        if len(y) <= PARAMETERS:
            continue
        df += len(y) - PARAMETERS
        centred = (x - x.mean()) / max(float(np.ptp(x)), 1e-12)
        both = np.column_stack([np.ones_like(x), centred, centred**2, y])
        for i, rho in enumerate(RHO):
            free = np.sqrt(1 - rho**2)
            white = np.vstack([both[:1], (both[1:] - rho * both[:-1]) / free])
            r = np.abs(np.diag(np.linalg.qr(white, mode="r")))
            square[i] += r[-1] ** 2
            log_det[i] += 2 * (len(y) - 1) * np.log(free)
            log_det[i] += 2 * np.log(np.maximum(r[:-1], 1e-12)).sum()
    return square, log_det, df


def spread(at: Sequence[float]) -> Floats:
    """Places of the sizes on an axis where smooth curves are expected: log2 N."""
    x: Floats = np.log2(np.asarray(at, float)) if min(at) > 0 else np.arange(len(at), dtype=float)
    return x
