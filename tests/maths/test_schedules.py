import math
from typing import Any

import pytest

from datayield.maths.schedules import branch_rate, linear, ramp, rate


@pytest.mark.parametrize("schedule", ["cosine", "constant", "wsd", "step"])
def test_warm_up_is_linear_from_zero_and_meets_one(schedule: Any) -> None:
    assert rate(0.0, schedule, 0.1, 0.0) == 0.0
    assert rate(0.025, schedule, 0.1, 0.0) == pytest.approx(0.25)
    assert rate(0.1, schedule, 0.1, 0.0) == 1.0
    assert rate(0.1 - 1e-12, schedule, 0.1, 0.0) == pytest.approx(1.0)
    assert rate(0.0, schedule, 0.0, 0.5) == 1.0


@pytest.mark.parametrize(
    ("schedule", "t", "want"),
    [
        ("cosine", 0.6, 0.1 + 0.9 * 0.5),
        ("cosine", 0.2 + 0.8 / 3, 0.1 + 0.9 * (1 + math.cos(math.pi / 3)) / 2),
        ("cosine", 1.0, 0.1),
        ("constant", 0.6, 1.0),
        ("constant", 1.0, 1.0),
        ("wsd", 0.3, 1.0),
        ("wsd", 0.8, 1.0),
        ("wsd", 0.9, 0.55),
        ("wsd", 1.0, 0.1),
    ],
)
def test_after_warm_up(schedule: Any, t: float, want: float) -> None:
    assert rate(t, schedule, 0.2, 0.1) == pytest.approx(want)


def test_step_falls_by_gamma_at_each_milestone() -> None:
    def at(t: float) -> float:
        return rate(t, "step", 0.1, 0.0, (0.5, 0.85), 0.1)

    assert at(0.05) == pytest.approx(0.5)
    assert [at(t) for t in (0.1, 0.49)] == [1.0, 1.0]
    assert [at(t) for t in (0.5, 0.84)] == pytest.approx([0.1, 0.1])
    assert [at(t) for t in (0.85, 1.0)] == pytest.approx([0.01, 0.01])


def test_wsd_with_a_warm_up_into_the_decay_still_ends_at_final() -> None:
    assert rate(0.9, "wsd", 0.9, 0.0) == 1.0
    assert rate(0.95, "wsd", 0.9, 0.0) == pytest.approx(0.5)
    assert rate(1.0, "wsd", 0.9, 0.0) == pytest.approx(0.0)


@pytest.mark.parametrize("schedule", ["cosine", "wsd"])
def test_never_rises_after_warm_up_nor_leaves_its_range(schedule: Any) -> None:
    values = [rate(0.05 + 0.95 * i / 500, schedule, 0.05, 0.2) for i in range(501)]
    assert values == sorted(values, reverse=True)
    assert values[0] == 1.0
    assert values[-1] == pytest.approx(0.2)


def test_refuses_what_is_no_share_and_no_schedule() -> None:
    unknown: Any = "linear"
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        rate(1.01, "cosine", 0.1, 0.0)
    with pytest.raises(ValueError, match="unknown schedule 'linear'"):
        rate(0.5, unknown, 0.1, 0.0)


def test_on_the_trunk_all_lengths_have_the_same_bits() -> None:
    lengths = [(100, 80), (700, 560), (999, 999), (1000, 0)]
    for step in range(1000):
        on_it = {
            branch_rate(step, 1000, leaves, steps, 0.07, 0.1)
            for steps, leaves in lengths
            if step < leaves
        }
        want = min(1.0, (step + 0.5) / 70)
        assert len(on_it) <= 1
        assert all(value == pytest.approx(want, abs=1e-15) for value in on_it)


def test_off_the_trunk_the_rate_falls_linearly_to_final() -> None:
    tail = [branch_rate(step, 1000, 80, 100, 0.02, 0.1) for step in range(80, 100)]
    assert tail == pytest.approx([1 - 0.9 * (k + 0.5) / 20 for k in range(20)])


def test_as_long_as_its_trunk_it_is_wsd() -> None:
    for step in range(200):
        whole = rate((step + 0.5) / 200, "wsd", 0.1, 0.05, decay=0.3)
        assert branch_rate(step, 200, 140, 200, 0.1, 0.05) == pytest.approx(whole)


def test_ramp_is_half_a_cosine() -> None:
    assert ramp(0.0, 0.99, 1.0) == pytest.approx(0.99)
    assert ramp(1.0, 0.99, 1.0) == 1.0
    assert ramp(0.5, 2.0, 4.0) == pytest.approx(3.0)
    assert ramp(1 / 3, 0.0, 1.0) == pytest.approx(0.25)
    values = [ramp(i / 200, 0.99, 1.0) for i in range(201)]
    assert values == sorted(values)


def test_linear_arrives_and_stays() -> None:
    assert linear(0.0, 0.04, 0.07, 0.2) == 0.04
    assert linear(0.1, 0.04, 0.07, 0.2) == pytest.approx(0.055)
    assert linear(0.2, 0.04, 0.07, 0.2) == linear(1.0, 0.04, 0.07, 0.2) == 0.07
    assert linear(0.0, 0.04, 0.07, 0.0) == 0.07


def test_both_refuse_what_is_no_share() -> None:
    for schedule in (lambda t: ramp(t, 0.0, 1.0), lambda t: linear(t, 0.0, 1.0, 0.5)):
        with pytest.raises(ValueError, match=r"in \[0, 1\]"):
            schedule(1.01)
