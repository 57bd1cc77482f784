"""The variance of a contrast over test items, where no record tells which items were right.

Where records do, a contrast is taken item by item (results/item_variance.py). Here the correlation
between two models on one test set is an assumption of the caller: 0 is the most careful for a
difference.
"""

from collections.abc import Hashable, Sequence
from typing import NamedTuple


class ItemTerm(NamedTuple):
    """A weight, the standard error of that score over test items, and its test set."""

    weight: float
    error: float
    test_set: Hashable


def variance_over_items(terms: Sequence[ItemTerm], correlation: float) -> float:
    """Compound symmetry among the scores on one test set; none across test sets."""
    by_set: dict[Hashable, list[float]] = {}
    for term in terms:
        by_set.setdefault(term.test_set, []).append(term.weight * term.error)
    return sum(
        (1 - correlation) * sum(x**2 for x in mine) + correlation * sum(mine) ** 2
        for mine in by_set.values()
    )
