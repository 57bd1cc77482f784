"""The variance of contrasts over test items: exact in small cases, right on average."""

import numpy as np
import pytest

from datayield.analysis.results.item_variance import (
    CellItems,
    cell_items,
    contrast_variance,
    deviations,
    score_of,
)

RNG = np.random.default_rng(1)
CLASSES = (30, 50, 19, 1)


def _cell(rights: list[np.ndarray], items: str = "a", first: int = 0) -> CellItems:
    """A cell of accuracies; `rights` [n] one per seed."""
    return cell_items(
        {s: {items: deviations(x[None], (len(x),))} for s, x in enumerate(rights, first)}
    )


def test_of_one_seed_it_is_that_of_paired_differences() -> None:
    a, b = RNG.random((2, 400)) < [[0.6], [0.7]]
    variance = contrast_variance([(1, _cell([a])), (-1, _cell([b]))])
    assert variance == pytest.approx((1.0 * a - b).var(ddof=1) / 400)
    alone = contrast_variance([(2, _cell([a]))])
    assert alone == pytest.approx(4 * (1.0 * a).var(ddof=1) / 400)
    apart = contrast_variance([(1, _cell([a])), (-1, _cell([b], items="other"))])
    assert apart == pytest.approx((a.var(ddof=1) + b.var(ddof=1)) / 400)
    assert contrast_variance([(1, _cell([a])), (-1, _cell([a]))]) == 0


def test_seeds_share_of_the_luck_is_left_out() -> None:
    """Against a two-way layout of seeds and items, written out."""
    x = RNG.random((2, 3, 300)) < np.array([0.5, 0.6])[:, None, None] + 0.3 * RNG.random(300)
    d = 1.0 * x[0] - x[1]  # [seeds, items]
    rest = d - d.mean(0) - d.mean(1, keepdims=True) + d.mean()
    luck = (rest**2).sum() / (2 * 299)
    expected = d.mean(0).var(ddof=1) / 300 - luck / (3 * 300)
    cells = [(1.0, _cell(list(x[0]))), (-1.0, _cell(list(x[1])))]
    assert contrast_variance(cells) == pytest.approx(max(expected, 0.0), rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("first", [0, 5])  # the cells' seeds are the same ones, or others
def test_it_is_right_on_average(first: int) -> None:
    """Items differ in how much harder they are for one cell; all else is luck of the seeds."""
    n, seeds, spread = 500, (3, 2), 0.15
    found = []
    for _ in range(300):
        p = np.array([[0.5], [0.6]]) + spread * RNG.choice([-1, 1], (2, n))
        x = [list(RNG.random((s, n)) < p[i]) for i, s in enumerate(seeds)]
        found.append(contrast_variance([(1, _cell(x[0])), (-1, _cell(x[1], first=first))]))
    # clipped at 0, which is rare here: the luck alone would add .4 of it
    assert np.mean(found) == pytest.approx(2 * spread**2 / n, rel=0.08)


def test_of_balanced_accuracy_each_class_counts_alike() -> None:
    right = RNG.random((1, sum(CLASSES))) < np.repeat([0.9, 0.5, 0.2, 0.5], CLASSES)
    parts = np.split(right[0] * 1.0, np.cumsum(CLASSES)[:-1])
    recall = np.mean([p.mean() for p in parts])
    assert score_of(right, CLASSES, balanced=True) == pytest.approx(recall)
    assert score_of(right, CLASSES) == right.mean()
    several = [p for p in parts if len(p) > 1]
    expected = sum(p.var(ddof=1) / len(p) for p in several) / 16
    single = ((parts[-1][0] - recall) / 4) ** 2
    cell = cell_items({0: {"a": deviations(right, CLASSES, balanced=True)}})
    assert contrast_variance([(1, cell)]) == pytest.approx(expected + single, rel=1e-4)


def test_draws_of_labels_are_averaged_before() -> None:
    right = RNG.random((4, 200)) < 0.5
    cell = cell_items({0: {"a": deviations(right, (200,))}})
    assert contrast_variance([(1, cell)]) == pytest.approx(right.mean(0).var(ddof=1) / 200)
