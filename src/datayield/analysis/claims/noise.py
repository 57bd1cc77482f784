"""The error of a contrast of a claim's cells: seeds, and test items.

The noise between seeds is that of all cells of the measurement (model/noise_model.py).
All seeds of a cell are measured on the same test items, whose sampling error no further seed would
reduce. Models agree on which items are hard. Where the records keep which items were right, the
contrast is taken item by item (analysis/results/item_variance.py). Where one of them does not, or
a score is derived from several, the share of it that does not cancel is assumed (model/
assumed_items.py).
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

from scipy.special import stdtr, stdtrit

from datayield.analysis.claims.cells import Cells, CellValues, ClaimCell, UnansweredError
from datayield.analysis.format import points
from datayield.analysis.model import (
    FEW,
    OWN_SHARE,
    OWN_SHARE_ALONE,
    Difference,
    ItemTerm,
    LayoutCell,
    NoiseModel,
    variance_over_items,
)
from datayield.analysis.results import CONFIDENCE, CellRows, Seeds, StudyItems

Base = tuple[str, str, str]  # kind, encoder, evaluation
Weights = Mapping[CellValues | Base, float]
Term = tuple[float, ClaimCell, Sequence[int]]  # weight, cell, and its seeds: none for all
_SIZE = "data.count"


class EffectEstimate(NamedTuple):
    """A contrast: its mean over seeds, standard error and degrees of freedom."""

    mean: float
    error: float
    df: float
    seeds: int
    n_test: int
    cells: int  # that the between-seed variance is pooled over
    item_by_item: bool = False  # the error over test items is measured; else it is assumed

    def above(self, null: float = 0.0) -> float:
        """One-sided p against "at most `null`"."""
        return float(stdtr(self.df, -self._t(null)))

    def below(self, null: float = 0.0) -> float:
        """One-sided p against "at least `null`"."""
        return float(stdtr(self.df, self._t(null)))

    def turned(self) -> "EffectEstimate":
        """The same contrast the other way round."""
        return self._replace(mean=-self.mean)

    def interval(self) -> tuple[float, float]:
        """Two-sided t interval."""
        half = float(stdtrit(self.df, 0.5 + CONFIDENCE / 2)) * self.error
        return self.mean - half, self.mean + half

    def _t(self, null: float) -> float:
        gap = self.mean - null
        if self.error > 0:
            return gap / self.error
        return math.copysign(math.inf, gap) if gap else 0.0


class ClaimPart(NamedTuple):
    """The outcome of one part of a claim. `words` describe its effect.

    `contrary`: the effect that contradicts the claim the most, if another, and its description.
    `expected`: the contrasts that the claim expects above 0, if it is about differences.
    """

    effect: EffectEstimate
    p_for: float
    p_against: float
    words: str
    interval: tuple[float, float] | None = None  # None: the effect's t interval
    contrary: tuple[EffectEstimate, str] | None = None
    expected: tuple[EffectEstimate, ...] = ()


def layout(cells: Cells, noisy: Cells) -> NoiseModel:
    """One noise model for a claim's cells and the untrained encoders.

    What the noise is estimated from is in `noisy`: more cells than those compared, or fewer.
    """
    made = [
        LayoutCell(point, _seeds(cell), _method(point), *_line(point, cell), point in noisy.runs)
        for point, cell in (noisy.runs | cells.runs).items()
    ]
    for key, cell in cells.bases.items():
        if key[0] == "untrained":
            kind, encoder, evaluation = key
            made.append(LayoutCell(key, _seeds(cell), (kind, encoder), evaluation, 0))
    return NoiseModel(made)


def estimate(weights: Weights, cells: Cells, noise: NoiseModel) -> EffectEstimate:
    """A contrast paired by seed, with its errors over seeds and over test items.

    Raises UnansweredError if its noise cannot be estimated.
    """
    mine = {k: cells.runs[k] if isinstance(k, frozenset) else cells.bases[k] for k in weights}
    seeded: dict[Hashable, float] = {}
    less = 0.0
    for key, weight in weights.items():
        if isinstance(key, frozenset) or key[0] == "untrained":
            seeded[key] = weight
        else:  # one value, whatever the seed
            less -= weight * mine[key].mean
    d = noise.contrast(seeded, less)
    if not d.seeds:
        raise UnansweredError("its cells have no seed in common")
    if d.covers != "seeds":
        shown = points(d.mean) + " points" if cells.points else f"{d.mean:+.3g}"
        raise UnansweredError(_too_few(d, noise, alone=len(seeded) < len(weights), shown=shown))
    paired = [set(mine[key].values) for key in weights if key in seeded]
    seeds = sorted(set.intersection(*paired))
    terms = [(w, mine[key], seeds if key in seeded else ()) for key, w in weights.items()]
    measured = _item_by_item(terms, cells.of_items)
    over_items = _assumed(terms) if measured is None else measured
    total = d.error**2 + over_items
    df = d.df * (total / d.error**2) ** 2 if d.error > 0 else math.inf
    n_test = min(cell.n_test for key, cell in mine.items() if isinstance(key, frozenset))
    many, item_by_item = len(cells.runs), measured is not None
    return EffectEstimate(d.mean, math.sqrt(total), df, d.seeds, n_test, many, item_by_item)


def _too_few(d: Difference, noise: NoiseModel, *, alone: bool, shown: str) -> str:
    """`alone`: whether the contrast has a score without seeds. `shown`: its mean, in words."""
    if d.covers != "too few seeds":
        return "one seed is not enough"
    if noise.df < FEW:
        return "two seeds of one contrast, with no other cells to pool, are not enough"
    against = "against one score of a baseline" if alone else "between methods or encoders"
    return (
        f"two seeds are too few for this difference of {shown}: most of its noise is a shift by "
        f"the seed that all runs share, and it does not cancel {against}; add a seed"
    )


def _seeds(cell: ClaimCell) -> Seeds:
    """Not counted: that scores are rounded to test items is within their error over items."""
    return Seeds(tuple(sorted(cell.values.items())), cell.n_test, cell.error, counted=False)


def _method(point: CellValues) -> Hashable:
    return frozenset(pair for pair in point if pair[0] in ("method", "encoder.name"))


def _line(point: CellValues, cell: ClaimCell) -> tuple[Hashable, float]:
    """What is on one line with a point, and its place there: along training, else along N."""
    shares = [float(word) for axis, word in point if axis == "share"]
    axis = "share" if shares else _SIZE
    rest = frozenset(pair for pair in point if pair[0] != axis)
    return rest, shares[0] if shares else cell.n


def _item_by_item(terms: Sequence[Term], of_items: StudyItems | None) -> float | None:
    """Variance over test items as the records show it; None where one does not."""
    contrast: dict[CellRows, float] = {}
    for weight, cell, seeds in terms:
        rows = tuple(cell.rows[seed] for seed in seeds or cell.rows if seed in cell.rows)
        if of_items is None or not rows or len(rows) < len(seeds):
            return None
        contrast[rows] = contrast.get(rows, 0.0) + weight
    return None if of_items is None else of_items.variance(contrast)


def _assumed(terms: Sequence[Term]) -> float:
    each = [
        ItemTerm(weight, cell.error, cell.items, OWN_SHARE if seeds else OWN_SHARE_ALONE)
        for weight, cell, seeds in terms
    ]
    return variance_over_items(each)
