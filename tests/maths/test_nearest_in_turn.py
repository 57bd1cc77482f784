"""Nearest in turn against loops."""

import numpy as np
import pytest

from datayield.maths.nearest_in_turn import nearest_in_turn

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 6)).astype(np.float32)
TARGETS = RNG.normal(size=(4, 6)).astype(np.float32)


def test_each_target_takes_the_nearest_that_is_left() -> None:
    left, expected = list(range(50)), []
    for turn in range(14):
        best = max(left, key=lambda i: float(X[i] @ TARGETS[turn % 4]))
        left.remove(best)
        expected.append(best)
    assert nearest_in_turn(X, TARGETS, 14).tolist() == expected


def test_smaller_sets_are_prefixes_and_orders_can_be_extended() -> None:
    whole = nearest_in_turn(X, TARGETS, 50)
    assert sorted(whole) == list(range(50))
    np.testing.assert_array_equal(nearest_in_turn(X, TARGETS, 7), whole[:7])
    np.testing.assert_array_equal(nearest_in_turn(X, TARGETS, 21, whole[:7]), whole[:21])


def test_it_is_spread_as_the_targets_are() -> None:
    """Two far groups: the rows nearest on average would all be between them, or of one."""
    groups = np.repeat(np.eye(2, dtype=np.float32), 20, axis=0)
    order = nearest_in_turn(groups, np.eye(2, dtype=np.float32), 10)
    assert (order < 20).sum() == 5


def test_no_target_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a target"):
        nearest_in_turn(X, TARGETS[:0], 3)
