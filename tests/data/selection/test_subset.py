"""Subsets nest, and say so when there are not enough images."""

import numpy as np
import pytest

from datayield.data.selection.subset import digest_of, indices
from datayield.spec.errors import DataError
from datayield.spec.run.subset import Subset


def subset(count: int | None, rule: str = "random", seed: int = 0) -> Subset:
    return Subset.model_validate({"dataset": "d", "count": count, "rule": rule, "seed": seed})


@pytest.mark.parametrize("rule", ["random", "first"])
def test_smaller_is_a_prefix_of_larger(rule: str) -> None:
    large = indices(subset(900, rule), 1000)
    for count in (1, 10, 899):
        np.testing.assert_array_equal(indices(subset(count, rule), 1000), large[:count])
    assert large.dtype == np.int64
    assert len(set(large.tolist())) == 900


def test_all_of_them_and_first() -> None:
    assert sorted(indices(subset(None), 50).tolist()) == list(range(50))
    assert indices(subset(3, "first"), 50).tolist() == [0, 1, 2]


def test_seeds_draw_different_images() -> None:
    one, two = (set(indices(subset(100, seed=s), 1000).tolist()) for s in (0, 1))
    assert len(one & two) < 30  # 10 expected


def test_the_selection_never_changes() -> None:
    assert indices(subset(8, seed=3), 100).tolist() == [84, 45, 22, 1, 34, 23, 87, 42]
    assert digest_of(np.arange(3)) == "ab25350e3e65"


def test_digest_knows_the_order() -> None:
    assert digest_of(np.array([0, 1])) != digest_of(np.array([1, 0]))


def test_too_few() -> None:
    with pytest.raises(DataError, match=r"90 usable images \(10 more skipped as corrupt") as caught:
        indices(subset(95), 90, skipped=10)
    assert "1 to 90" in str(caught.value)
