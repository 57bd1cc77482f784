"""Scores of predictions, and their confidence intervals.

Tensors appear only in annotations, so `wilson` can be used without importing torch.
"""

from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor


class Interval(NamedTuple):
    """A closed interval of proportions, within [0, 1]."""

    low: float
    high: float


def accuracy(pred: "Tensor", target: "Tensor") -> float:
    """Fraction of equal entries of two [n] class tensors. ValueError if empty or of unequal n."""
    _same_length(pred, target)
    return float((pred == target).double().mean())


def balanced_accuracy(pred: "Tensor", target: "Tensor") -> float:
    """Mean recall over the classes present in `target`: [n] tensors of class numbers.

    Predicting an absent class counts only as a miss. Raises ValueError like `accuracy`.
    """
    _same_length(pred, target)
    present = target.bincount()
    hits = target.bincount(weights=(pred == target).double(), minlength=len(present))
    return float((hits / present)[present > 0].mean())


def wilson(successes: float, n: int, level: float = 0.95) -> Interval:
    """Score interval of a proportion, `successes` of `n` (Wilson 1927, JASA 22:209); n = 0: [0, 1].

    Unlike the normal interval it never leaves [0, 1] and does not vanish at 0 or n successes.
    Raises ValueError for successes outside [0, n] or a level outside (0, 1).
    """
    if not 0 <= successes <= n or not 0 < level < 1:
        raise ValueError(f"need 0 <= successes <= n and 0 < level < 1: {successes}, {n}, {level}")
    if n == 0:
        return Interval(0.0, 1.0)
    z2 = NormalDist().inv_cdf((1 + level) / 2) ** 2
    centre = (successes + z2 / 2) / (n + z2)
    half = (z2 * (successes * (n - successes) / n + z2 / 4)) ** 0.5 / (n + z2)
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def _same_length(pred: "Tensor", target: "Tensor") -> None:
    if pred.shape != target.shape or pred.ndim != 1 or not len(target):
        raise ValueError(f"need two [n] tensors, n > 0, got {pred.shape} and {target.shape}")
