"""The bijection permutes, is what its formula says, and looks random; slices agree."""

import math

import numpy as np
import pytest

from datayield.data import permutation as order
from datayield.data.permutation import bijection, places
from datayield.data.sampling.resident import positions
from datayield.data.selection import subset
from datayield.spec.run.subset import Subset

M = 0xFFFFFFFF


def reference(n: int, key: tuple[int, ...], i: int) -> int:
    """The generalised Feistel network with cycle walking, one number at a time."""
    a = math.isqrt(n - 1) + 1
    b = -(-n // a)
    while True:
        left, right = divmod(i, b)
        for r, k in enumerate(np.random.SeedSequence(list(key)).generate_state(8)):
            h = (right if r % 2 == 0 else left) ^ int(k)
            for multiplier, shift in ((0x85EBCA6B, 16), (0xC2B2AE35, 13)):
                h = (h ^ (h >> shift)) * multiplier & M
            h ^= h >> 16
            if r % 2 == 0:
                left = (left + (h * a >> 32)) % a
            else:
                right = (right + (h * b >> 32)) % b
        i = left * b + right
        if i < n:
            return i


@pytest.mark.parametrize("n", [1, 2, 3, 5, 10, 97, 1000, 4097])
def test_it_is_a_permutation_and_the_formulas(n: int) -> None:
    permuted = bijection(n, (7, 1), np.arange(n))
    assert sorted(permuted.tolist()) == list(range(n))
    assert permuted[:50].tolist() == [reference(n, (7, 1), i) for i in range(min(n, 50))]


def test_it_is_the_formulas_for_large_n() -> None:
    for n in (100_000_000, (1 << 40) + 7):
        where = np.array([0, 1, 12_345_678, n - 1])
        expected = [reference(n, (3,), int(i)) for i in where]
        assert bijection(n, (3,), where).tolist() == expected


def test_it_looks_random() -> None:
    n = 1_000_003
    permuted = bijection(n, (5,), np.arange(n))
    for stretch in (permuted[:100_000], permuted[::10][:100_000]):
        counts = np.bincount(stretch * 1000 // n, minlength=1000)
        chi2 = float(((counts - 100) ** 2 / 100).sum())
        assert 800 < chi2 < 1150  # 899 +- 42 for draws without replacement of a tenth
    assert abs(np.corrcoef(permuted, np.arange(n))[0, 1]) < 0.005
    assert abs(np.corrcoef(permuted[1:], permuted[:-1])[0, 1]) < 0.005
    assert (permuted == bijection(n, (6,), np.arange(n))).sum() < 10


def test_the_order_of_many_images_never_changes() -> None:
    permuted = bijection(100_000_000, (0,), np.arange(4))
    assert permuted.tolist() == [
        33627916,
        84791908,
        87993269,
        369369,
    ]


def test_slices_agree_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "WHOLE", 100)
    monkeypatch.setattr(order, "BLOCK", 64)
    order._block.cache_clear()
    whole = bijection(1000, (9,), np.arange(1000))
    for start, stop in ((0, 1000), (0, 0), (63, 65), (64, 128), (130, 131), (900, 1000)):
        np.testing.assert_array_equal(places(1000, (9,), start, stop), whole[start:stop])
    order._block.cache_clear()


def test_batches_of_a_large_set_are_passes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "WHOLE", 100)
    shown = np.concatenate([positions(501, 2, step, 48) for step in range(21)])
    assert sorted(shown[:501].tolist()) == list(range(501))
    assert sorted(shown[501:1002].tolist()) == list(range(501))
    assert not np.array_equal(shown[:501], shown[501:1002])


def test_subsets_of_a_large_set_nest_and_hold_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subset, "WHOLE", 100)

    def drawn(count: int, rule: str = "random") -> subset.Indices:
        spec = Subset.model_validate({"dataset": "d", "count": count, "rule": rule, "seed": 3})
        return subset.indices(spec, 1000)

    large, small = drawn(900), drawn(90)
    assert isinstance(large, subset.SeededOrder)
    where = np.arange(90)
    np.testing.assert_array_equal(small[where], large[where])
    all_of_them = large[np.arange(900)]
    assert len(set(all_of_them.tolist())) == 900
    assert subset.digest_of(large) == subset.digest_of(all_of_them)
    assert drawn(9, "first")[np.arange(9)].tolist() == list(range(9))


def test_a_share_of_a_split_is_the_order_that_it_was() -> None:
    old = np.random.Generator(np.random.PCG64(0)).permutation(1000)
    np.testing.assert_array_equal(places(1000, (0,), 800, 1000), old[800:])
