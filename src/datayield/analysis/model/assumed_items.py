"""The variance of a contrast over test items, where no record tells which items were right.

Where records do, a contrast is taken item by item (results/item_variance.py). The values here were
measured that way on digits: 500 test items, linear@1 and knn@1, three sizes of SimCLR and one of
BYOL by two or three seeds. The variance of a difference of two scores over items, beyond the luck
of seeds and as a share of what unrelated scores would have, was in the median .02 and .03 between
sizes, 0 between methods, .03 and .08 against the untrained encoder, .23 against raw pixels.

Models agree on which items are hard, so most of the luck of a draw of items cancels. Which items a
seed gets right by luck is in the scatter of the seeds, and so is left out; a score that has one
value alone shows no such scatter, and its luck counts here.
"""

import math
from collections.abc import Hashable, Sequence
from typing import NamedTuple

ITEM_CORRELATION = 0.95  # of two means over seeds; the rest is each one's own
OWN_SHARE = 1 - ITEM_CORRELATION
OWN_SHARE_ALONE = 0.4  # of a score with one value, such as that of raw pixels


class ItemTerm(NamedTuple):
    """A weight, the standard error of that score over test items, and its test set.

    `own`: the share of its variance that no other score on the test set has; 1 is the most careful.
    """

    weight: float
    error: float
    test_set: Hashable
    own: float = OWN_SHARE


def variance_over_items(terms: Sequence[ItemTerm]) -> float:
    """Scores on one test set share all but their own part; those on different ones share none."""
    by_set: dict[Hashable, list[ItemTerm]] = {}
    for term in terms:
        by_set.setdefault(term.test_set, []).append(term)
    return sum(
        sum(math.sqrt(1 - each.own) * each.weight * each.error for each in mine) ** 2
        + sum(each.own * (each.weight * each.error) ** 2 for each in mine)
        for mine in by_set.values()
    )


def own_variance_over_items(error_rate: float, items: int) -> float:
    """The own part of the variance of one error rate over `items` test items.

    A difference of two settings has twice that, a slope over settings that over their spread.
    """
    p = min(max(error_rate, 0.0), 1.0)
    return OWN_SHARE * p * (1 - p) / items
