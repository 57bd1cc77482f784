"""The order is a pure function of (seed, step), and every image gets its share."""

import numpy as np
import pytest
import torch

from datayield.data import permutation as order
from datayield.data.sampling import resident
from datayield.data.sampling.resident import Resident, positions


@pytest.mark.parametrize(("n", "batch"), [(10, 3), (7, 7), (3, 8), (1, 4), (64, 16), (5, 11)])
def test_every_image_is_shown_its_share(n: int, batch: int) -> None:
    for steps in (1, 2, 5, 13):
        shown = np.concatenate([positions(n, 0, step, batch) for step in range(steps)])
        counts = np.bincount(shown, minlength=n)
        assert set(counts.tolist()) <= {steps * batch // n, -(-steps * batch // n)}


def test_batches_are_slices_of_one_endless_order() -> None:
    small = np.concatenate([positions(10, 5, step, 3) for step in range(20)])
    large = np.concatenate([positions(10, 5, step, 20) for step in range(3)])
    np.testing.assert_array_equal(small, large)
    passes = small.reshape(6, 10)
    assert all(sorted(row.tolist()) == list(range(10)) for row in passes)
    assert len({tuple(row) for row in passes}) == 6


def test_any_step_without_the_ones_before() -> None:
    expected = positions(1000, 1, 12_345, 32)
    order._whole.cache_clear()
    np.testing.assert_array_equal(positions(1000, 1, 12_345, 32), expected)
    assert not np.array_equal(positions(1000, 2, 12_345, 32), expected)


def test_the_order_never_changes() -> None:
    assert positions(10, 0, 0, 12).tolist() == [2, 3, 1, 4, 7, 0, 6, 5, 8, 9, 3, 2]


def test_the_order_is_not_the_one_that_chose_the_subset() -> None:
    chose = np.random.Generator(np.random.PCG64(4)).permutation(100)
    assert not np.array_equal(positions(100, 4, 0, 100), chose)


def test_batches_hold_the_right_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resident, "CHUNK", 500)
    images = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 3), np.uint8)
    images.flags.writeable = False
    chosen = np.array([3, 19, 0, 7, 8])
    source = Resident(images, chosen, "cpu")
    batch = source.batch(seed=1, step=2, size=4)
    assert batch.shape == (4, 3, 4, 4)
    assert batch.dtype == torch.uint8
    assert batch.is_contiguous(memory_format=torch.channels_last)
    expected = images[chosen[positions(5, 1, 2, 4)]].transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(batch.numpy(), expected)
    assert len(source) == 5


def test_parts_of_a_batch_joined_are_the_batch() -> None:
    images = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 3), np.uint8)
    images.flags.writeable = False
    source = Resident(images, np.arange(20), "cpu")
    whole = source.batch(3, 4, 12)
    parts = [source.batch(3, 4, 12, slice(start, start + 4)) for start in (0, 4, 8)]
    assert torch.equal(torch.cat(parts), whole)
