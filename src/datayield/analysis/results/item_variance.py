"""The variance of a contrast over another draw of test items, from which items were right.

Models agree on which items are hard, so the scores of two of them on one test set move together,
and most of the luck of the draw cancels in their difference. It is measured here: the contrast is
taken item by item, and its variance over items, divided by their number, is that of the contrast.

A model also gets an item right by the luck of its own seed. That part shrinks with more seeds and
is in their scatter already, so it is estimated as the interaction of seeds and items (a two-way
layout: Scheffe 1959, "The Analysis of Variance", chapter 7) and left out here. With one seed the
two cannot be separated, and the variance holds both.
"""

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

# What each test item adds to a score, centred [n]: the mean over the items of another draw is, to
# first order, that much off the score.
Contribution = NDArray[np.float32]
Deviations = Mapping[str, Contribution]  # by set of test items
ItemKey = TypeVar("ItemKey")


class CellItems(NamedTuple):
    """The items of one cell: the mean over its seeds, and how each seed differs from that."""

    mean: Deviations
    luck: Mapping[int, Deviations]  # by seed, each so scaled that squares sum to the mean's luck


def deviations(
    right: NDArray[np.bool_], classes: tuple[int, ...], balanced: bool = False
) -> Contribution:
    """What each test item adds to the accuracy, or to the balanced accuracy: [n], with mean 0.

    `right` [draws, n] with the items class by class, as many as `classes` says. An item of a
    balanced accuracy counts by the size of its class; a class with a single item, whose variance
    is unknown, is compared with the mean of all classes.
    """
    x: Contribution = right.mean(axis=0, dtype=np.float32)
    if not balanced:
        centred: Contribution = x - np.float32(x.mean(dtype=np.float64))
        return centred
    sizes, n = np.array(classes), len(x)
    recall = np.add.reduceat(x, np.cumsum(sizes) - sizes, dtype=np.float64) / sizes
    centre = np.where(sizes > 1, recall, recall.mean())
    # n - 1 of n divides the variance of each class, where its own size - 1 should
    unbiased = np.sqrt((n - 1) / n * sizes / np.maximum(sizes - 1, 1)) if n > 1 else 1.0
    weight = n / (len(sizes) * sizes) * unbiased
    weighed: Contribution = np.repeat(weight, sizes) * (x - np.repeat(centre, sizes))
    return weighed.astype(np.float32, copy=False)


def score_of(right: NDArray[np.bool_], classes: tuple[int, ...], balanced: bool = False) -> float:
    """The accuracy, or the balanced accuracy, that these items give."""
    x = right.mean(axis=0, dtype=np.float64)
    if not balanced:
        return float(x.mean())
    sizes = np.array(classes)
    return float((np.add.reduceat(x, np.cumsum(sizes) - sizes) / sizes).mean())


def cell_items(by_seed: Mapping[int, Deviations]) -> CellItems:
    """The items of a cell from those of its seeds."""
    seeds, mean = len(by_seed), dict[str, Contribution]()
    for one in by_seed.values():
        for items, x in one.items():
            _add(mean, items, x / np.float32(seeds))
    if seeds < 2:
        return CellItems(mean, {})
    scale = np.float32(1 / math.sqrt(seeds * (seeds - 1)))
    luck = {
        seed: {items: scale * (x - mean[items]) for items, x in one.items()}
        for seed, one in by_seed.items()
    }
    return CellItems(mean, luck)


def contrast_variance(terms: Iterable[tuple[float, CellItems]]) -> float:
    """Variance of a weighted sum of cells' mean scores over other test items of the same kinds.

    Sets of items are independent of each other; cells of one seed are taken to share its luck.
    """
    mean: dict[str, Contribution] = {}
    luck: dict[tuple[str, int], Contribution] = {}
    for weight, cell in terms:
        w = np.float32(weight)
        for items, x in cell.mean.items():
            _add(mean, items, w * x)
        for seed, one in cell.luck.items():
            for items, x in one.items():
                _add(luck, (items, seed), w * x)
    variance = {items: _variance(x) for items, x in mean.items()}
    for (items, _), x in luck.items():
        variance[items] -= _variance(x)
    return sum(max(each, 0.0) for each in variance.values())


def _add(total: dict[ItemKey, Contribution], key: ItemKey, x: Contribution) -> None:
    """Add `x` to what is there already; `x` is the total's own from then on."""
    if key in total:
        total[key] += x
    else:
        total[key] = x


def _variance(x: Contribution) -> float:
    """Of the mean of centred contributions [n]."""
    return float(np.dot(x, x)) / max(len(x) * (len(x) - 1), 1)
