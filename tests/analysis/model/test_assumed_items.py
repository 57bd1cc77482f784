"""The variance over test items where no record tells which items were right."""

import numpy as np
import pytest

from datayield.analysis.model.assumed_items import (
    OWN_SHARE,
    OWN_SHARE_ALONE,
    ItemTerm,
    own_variance_over_items,
    variance_over_items,
)


def test_a_difference_keeps_what_is_each_ones_own() -> None:
    two = [ItemTerm(1, 0.02, "a"), ItemTerm(-1, 0.02, "a")]
    assert variance_over_items(two) == pytest.approx(2 * OWN_SHARE * 0.02**2)
    at_a_quarter = own_variance_over_items(0.25, 900)
    assert at_a_quarter == pytest.approx(OWN_SHARE * 0.25 * 0.75 / 900)
    error = (0.25 * 0.75 / 900) ** 0.5
    same = [ItemTerm(1, error, "a"), ItemTerm(-1, error, "a")]
    assert variance_over_items(same) == pytest.approx(2 * at_a_quarter)


def test_a_single_score_and_other_test_sets_count_in_full() -> None:
    assert variance_over_items([ItemTerm(1, 0.02, "a")]) == pytest.approx(0.02**2)
    apart = [ItemTerm(1, 0.02, "a"), ItemTerm(-1, 0.03, "b")]
    assert variance_over_items(apart) == pytest.approx(0.02**2 + 0.03**2)
    unrelated = [ItemTerm(1, 0.02, "a", 1.0), ItemTerm(-1, 0.03, "a", 1.0)]
    assert variance_over_items(unrelated) == pytest.approx(0.02**2 + 0.03**2)


def test_it_is_the_variance_of_a_shared_draw_of_items() -> None:
    """Simulated: what the draw does to all scores, and to each alone, by their shares."""
    draw = np.random.default_rng(0)
    own = np.array([OWN_SHARE, OWN_SHARE_ALONE, OWN_SHARE])
    weights, errors = np.array([1.0, -0.7, 0.2]), np.array([0.02, 0.03, 0.01])
    shared, alone = draw.normal(size=(200_000, 1)), draw.normal(size=(200_000, 3))
    scores = errors * (np.sqrt(1 - own) * shared + np.sqrt(own) * alone)
    terms = [ItemTerm(w, e, "a", s) for w, e, s in zip(weights, errors, own, strict=True)]
    assert variance_over_items(terms) == pytest.approx((scores @ weights).var(), rel=0.02)
