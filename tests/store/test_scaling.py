"""Time per image of a size that was not timed."""

import pytest

from datayield.store.scaling import TimedKind, seconds_at


def test_a_fixed_part_and_a_rate_are_recovered() -> None:
    timed = [TimedKind("", f, 3e-4 + 2e-12 * f) for f in (1e7, 2e8, 7e9)]
    for flops in (1e6, 1e8, 1e11):
        assert seconds_at(flops, timed) == pytest.approx([3e-4 + 2e-12 * flops] * 3)


def test_one_size_allows_all_fixed_and_all_arithmetic() -> None:
    low, likely, high = seconds_at(1e7, [TimedKind("", 1e9, 1e-2), TimedKind("", 1e9, 2e-2)])
    assert (low, high) == pytest.approx((1e-4, 2e-2))
    assert likely == pytest.approx(1.5e-3)


@pytest.mark.parametrize(("small", "large"), [(1e-3, 5e-4), (1e-6, 1e-2)])
def test_neither_part_is_negative(small: float, large: float) -> None:
    timed = [TimedKind("", 1e7, small), TimedKind("", 1e9, large)]
    low, likely, high = seconds_at(1e3, timed)
    assert 0 < low <= likely <= high


# Measured on two cores of an AMD EPYC: benchmarks/results, step_resnet18, methods_convnet (two),
# threads (pocket; its FLOPs are those that a run of that shape records).
TIMED = [
    TimedKind("resnet18", 6.67e9, 1 / 65.0),
    TimedKind("convnet", 1.94e8, 0.0815 / 128),
    TimedKind("convnet", 3.13e8, 0.1363 / 128),
    TimedKind("convnet", 3.38e8, 0.1691 / 128),
    TimedKind("convnet", 1.36e7, 1 / 2880),
]


@pytest.mark.parametrize("hidden", range(len(TIMED)))
def test_each_measured_shape_is_told_by_the_others_within_a_factor_of_3(hidden: int) -> None:
    others = [kind for i, kind in enumerate(TIMED) if i != hidden]
    told = seconds_at(TIMED[hidden].flops, others).likely
    assert 1 / 3 < told / TIMED[hidden].seconds < 3
