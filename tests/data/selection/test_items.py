"""An evaluation's images: nested, seeded, frozen."""

import numpy as np
import pytest

from datayield.data.selection import sample_items
from datayield.spec.errors import DataError


def test_nested_and_complete():
    labels = np.zeros(100, dtype=np.int64)
    whole = sample_items(labels, None, 3)
    assert np.array_equal(np.sort(whole), np.arange(100))
    for count in (1, 10, 99, 100):
        assert np.array_equal(sample_items(labels, count, 3), whole[:count])
    assert not np.array_equal(sample_items(labels, None, 4), whole)
    assert whole.dtype == np.int64


def test_labels_play_no_part():
    assert np.array_equal(
        sample_items(np.arange(50), 20, 0), sample_items(np.arange(50)[::-1], 20, 0)
    )


def test_golden():
    """Frozen: other images under the same id would be another measurement."""
    assert sample_items(np.zeros(10), None, 0).tolist() == [4, 6, 2, 7, 3, 5, 9, 0, 8, 1]


@pytest.mark.parametrize(("n", "count"), [(10, 11), (10, 0), (0, None), (0, 1)])
def test_more_than_there_is_is_refused(n, count):
    with pytest.raises(DataError):
        sample_items(np.zeros(n), count, 0)
