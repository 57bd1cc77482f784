"""Farthest-point order against its definition."""

import numpy as np

from datayield.maths.farthest_point import farthest_point_order


def test_each_is_the_farthest_from_those_before_it() -> None:
    x = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
    order = farthest_point_order(x, 12, first=3)
    assert order[0] == 3
    for i in range(1, 12):
        apart = ((x[:, None].astype(float) - x[order[:i]]) ** 2).sum(-1).min(1)
        assert order[i] == apart.argmax()


def test_smaller_sets_are_prefixes_and_orders_can_be_extended() -> None:
    x = np.random.default_rng(1).normal(size=(40, 4)).astype(np.float32)
    whole = farthest_point_order(x, 40)
    assert sorted(whole) == list(range(40))
    np.testing.assert_array_equal(farthest_point_order(x, 9), whole[:9])
    other = np.array([5, 2, 8], np.int64)  # as another machine may have begun
    extended = farthest_point_order(x, 9, taken=other)
    assert extended[:3].tolist() == [5, 2, 8]
    assert len(set(extended.tolist())) == 9
    np.testing.assert_array_equal(farthest_point_order(x, 20, taken=whole[:9]), whole[:20])


def test_copies_come_last() -> None:
    corners = np.eye(4, dtype=np.float32)
    x = np.concatenate((corners, corners, corners))
    assert {int(i) % 4 for i in farthest_point_order(x, 4)} == {0, 1, 2, 3}
    assert sorted(farthest_point_order(x, 50)) == list(range(12))  # all there are
