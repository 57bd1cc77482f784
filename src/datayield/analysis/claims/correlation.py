"""The claim test `correlates`: rank correlation over cells, with a permutation p value."""

import math
from itertools import permutations
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from datayield.analysis.claims.cells import UnansweredError
from datayield.analysis.claims.contrasts import Scene
from datayield.analysis.claims.distances import by_distance
from datayield.analysis.claims.noise import ClaimPart, EffectEstimate
from datayield.spec.claims import Correlates, Distance, in_words

Floats = NDArray[np.float64]
FEWEST = 4
DRAWS = 9999  # permutations sampled when there are more


def rank_correlation(scene: Scene) -> ClaimPart:
    """Spearman's rho between two measures of the same cells (means over their seeds), and its p
    over all permutations of one of them, or over 9,999 random ones plus the observed.

    The cell is the unit: the interval (Bonett & Wright 2000) covers other cells of the same kind,
    not other seeds or items.
    """
    claim = scene.claim
    assert isinstance(claim, Correlates)
    x, y, what = _both(scene, claim)
    if len(x) < FEWEST:
        raise UnansweredError(f"{len(x)} cells are too few for a rank correlation")
    sign = 1 if claim.expect == "positive" else -1
    rho, above, below = spearman(np.array(x), np.array(y))
    p_for, p_against = (above, below)[::sign]
    error = math.sqrt((1 + rho**2 / 2) / max(len(x) - 3, 1))
    most = 1 - 6 / (len(x) ** 3 - len(x))  # half a swap of neighbours below 1, whose z is infinite
    z, half = math.atanh(max(min(rho, most), -most)), NormalDist().inv_cdf(0.975) * error
    seeds = min(len(scene.cells.runs[p].values) for p in scene.points)
    n_test = min(scene.cells.runs[p].n_test for p in scene.points)
    effect = EffectEstimate(rho, error, math.inf, seeds, n_test, len(x))
    interval = math.tanh(z - half), math.tanh(z + half)
    return ClaimPart(effect, p_for, p_against, f"with {what} over {len(x)} cells", interval)


def spearman(x: Floats, y: Floats) -> tuple[float, float, float]:
    """Spearman's rho, and the fractions of permutations at least as high and at least as low."""
    from scipy.stats import rankdata  # takes a fifth of a second to import, and few studies need it

    a, b = rankdata(x), rankdata(y)
    a, b = a - a.mean(), b - b.mean()
    scale = math.sqrt(float((a**2).sum() * (b**2).sum()))
    if scale == 0:
        raise UnansweredError("all cells are equal")
    rho = float(a @ b) / scale
    if math.factorial(len(a)) <= DRAWS:
        orders = np.array(list(permutations(b)))
        extra = 0
    else:
        draw = np.random.default_rng(0)
        orders, extra = np.array([draw.permutation(b) for _ in range(DRAWS)]), 1
    others = orders @ a / scale
    high, low = (others >= rho - 1e-9).sum() + extra, (others <= rho + 1e-9).sum() + extra
    many = len(orders) + extra
    return rho, float(high / many), float(low / many)


def _both(scene: Scene, claim: Correlates) -> tuple[list[float], list[float], str]:
    if claim.over is not None:
        words = [in_words(claim.over, w) for w in claim.numbers]
        sides = scene.sides(*({claim.over: word} for word in words))
        runs = scene.cells.runs
        y = [sum(w * runs[k].mean for k, w in s.items() if isinstance(k, frozenset)) for s in sides]
        return list(claim.numbers.values()), y, f"numbers by {claim.over}"
    if isinstance(claim.with_, Distance):
        return by_distance(scene, claim.with_.distance)
    assert claim.with_ is not None
    by_share = any(axis == "share" for p in scene.points for axis, _ in p)
    other = scene.data.cells(
        (claim.with_.of,), claim.with_.metric, by_eval=False, by_share=by_share
    )
    shared = [p for p in scene.points if p in other.runs]
    what = claim.with_.metric or claim.with_.of
    return (
        [other.runs[p].mean for p in shared],
        [scene.cells.runs[p].mean for p in shared],
        what.replace("_", " "),
    )
