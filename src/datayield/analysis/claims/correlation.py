"""The claim test `correlates`: rank correlation over cells, with a permutation p value."""

import math
from itertools import permutations
from statistics import NormalDist, fmean

import numpy as np
from numpy.typing import NDArray

from datayield.analysis.claims.cells import Cells, CellValues, UnansweredError
from datayield.analysis.claims.contrasts import Scene
from datayield.analysis.claims.distances import by_distance
from datayield.analysis.claims.noise import ClaimPart, EffectEstimate
from datayield.spec.claims import Correlates, Distance

Floats = NDArray[np.float64]
FEWEST = 4
UNITS = 6  # independent ones, of two measures of the same runs
_ALONG = ("data.count", "share")
DRAWS = 9999  # permutations sampled when there are more


def rank_correlation(scene: Scene) -> ClaimPart:
    """Spearman's rho between two measures of the same cells, and its p over all permutations of
    one of them, or over 9,999 random ones plus the observed.

    Two measures of the same runs share the noise of these runs, so each is the mean of its own
    half of the seeds. They share the levels of methods and budgets too, so these blocks are
    permuted whole, each with its sizes in order; less than six of them are too few. Numbers that
    the claim states, and distances, are of no run: there the cell is the unit.

    The cell is the unit of the interval (Bonett & Wright 2000), which covers other cells of the
    same kind, not other seeds or items.
    """
    claim = scene.claim
    assert isinstance(claim, Correlates)
    x, y, what, blocks = _both(scene, claim)
    if len(x) < FEWEST:
        raise UnansweredError(f"{len(x)} cells are too few for a rank correlation")
    sign = 1 if claim.expect == "positive" else -1
    rho, above, below = spearman(np.array(x), np.array(y), blocks)
    p_for, p_against = (above, below)[::sign]
    error = math.sqrt((1 + rho**2 / 2) / max(len(x) - 3, 1))
    most = 1 - 6 / (len(x) ** 3 - len(x))  # half a swap of neighbours below 1, whose z is infinite
    z, half = math.atanh(max(min(rho, most), -most)), NormalDist().inv_cdf(0.975) * error
    seeds = min(len(scene.cells.runs[p].values) for p in scene.points)
    n_test = min(scene.cells.runs[p].n_test for p in scene.points)
    effect = EffectEstimate(rho, error, math.inf, seeds, n_test, len(x))
    interval = math.tanh(z - half), math.tanh(z + half)
    return ClaimPart(effect, p_for, p_against, f"with {what} over {len(x)} cells", interval)


def spearman(x: Floats, y: Floats, blocks: int | None = None) -> tuple[float, float, float]:
    """Spearman's rho, and the fractions of permutations at least as high and at least as low.

    Of single values, or of so many `blocks` of equal length that follow one another.
    """
    from scipy.stats import rankdata  # takes a fifth of a second to import, and few studies need it

    a, b = rankdata(x), rankdata(y)
    a, b = a - a.mean(), b - b.mean()
    scale = math.sqrt(float((a**2).sum() * (b**2).sum()))
    if scale == 0:
        raise UnansweredError("all cells are equal")
    rho = float(a @ b) / scale
    units = np.arange(len(b)).reshape(blocks or len(b), -1)
    if math.factorial(len(units)) <= DRAWS:
        shuffled, extra = np.array(list(permutations(range(len(units))))), 0
    else:
        draw = np.random.default_rng(0)
        shuffled, extra = np.array([draw.permutation(len(units)) for _ in range(DRAWS)]), 1
    orders = b[units[shuffled].reshape(len(shuffled), -1)]
    others = orders @ a / scale
    high, low = (others >= rho - 1e-9).sum() + extra, (others <= rho + 1e-9).sum() + extra
    many = len(orders) + extra
    return rho, float(high / many), float(low / many)


def _both(scene: Scene, claim: Correlates) -> tuple[list[float], list[float], str, int | None]:
    """Both measures, the second in words, and how many blocks their cells are of, if any."""
    if claim.over is not None:
        words = [scene.word(claim.over, w) for w in claim.numbers]
        sides = scene.sides(*({claim.over: word} for word in words))
        runs = scene.cells.runs
        y = [sum(w * runs[k].mean for k, w in s.items() if isinstance(k, frozenset)) for s in sides]
        return list(claim.numbers.values()), y, f"numbers by {claim.over}", None
    if isinstance(claim.with_, Distance):
        return *by_distance(scene, claim.with_), None
    assert claim.with_ is not None
    by_share = any(axis == "share" for p in scene.points for axis, _ in p)
    other = scene.data.cells(
        (claim.with_.of,),
        claim.with_.metric,
        by_eval=False,
        by_share=by_share,
        checkpoint=claim.checkpoint,
    )
    lines = _lines([p for p in scene.points if p in other.runs], other)
    shared = [p for line in lines for p in line]
    x, y = [], []
    for p in shared:
        mine, others = scene.cells.runs[p].values, other.runs[p].values
        seeds = sorted(mine.keys() & others.keys())
        if len(seeds) < 2:
            raise UnansweredError("two measures of the same runs need two seeds: one for each")
        x.append(fmean(others[seed] for seed in seeds[::2]))
        y.append(fmean(mine[seed] for seed in seeds[1::2]))
    what = claim.with_.metric or claim.with_.of
    return x, y, what.replace("_", " "), len(lines) if len(lines) > 1 else None


def _lines(points: list[CellValues], cells: Cells) -> list[list[CellValues]]:
    """The points of each method, budget and so on, by size: equal sizes in all, and six lines.

    A single line is one of sizes alone, whose cells are the units. Raises UnansweredError.
    """
    found: dict[CellValues, list[CellValues]] = {}
    for p in points:
        found.setdefault(frozenset(pair for pair in p if pair[0] not in _ALONG), []).append(p)
    place = {p: (cells.runs[p].n, float(dict(p).get("share", 1))) for p in points}
    lines = [sorted(line, key=place.__getitem__) for line in found.values()]
    if len({tuple(place[p] for p in line) for line in lines}) > 1:
        raise UnansweredError("its methods or budgets were not measured at the same sizes")
    units = len(lines) if len(lines) > 1 else len(points)
    if units < UNITS:
        kinds = "methods and budgets" if len(lines) > 1 else "sizes"
        raise UnansweredError(f"{units} {kinds} are too few to correlate: six are needed")
    return lines
