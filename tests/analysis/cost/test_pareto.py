"""The frontier against brute force, and the time to an accuracy by hand."""

import numpy as np
import pytest

from datayield.analysis.cost.pareto import pareto, time_to
from datayield.spec.run.run import RunSpec
from tests.analysed import frontiers_of
from tests.planted import planted


def test_the_frontier_is_what_nothing_dominates() -> None:
    draw = np.random.default_rng(0)
    spots = [(float(a), float(b)) for a, b in draw.integers(0, 12, (60, 2))]
    expected = [not any(c <= a and d <= b and (c < a or d < b) for c, d in spots) for a, b in spots]
    assert pareto(spots) == expected
    assert any(expected)
    assert not all(expected)


@pytest.mark.parametrize(
    ("target", "expected"), [(0.2, 10.0), (0.45, 25.0), (0.5, 30.0), (0.55, None), (0.1, 10.0)]
)
def test_time_to_an_accuracy(target: float, expected: float | None) -> None:
    course = [(30.0, 0.5), (10.0, 0.2), (20.0, 0.4), (40.0, 0.3)]
    cost = time_to(course, target)
    assert cost == (pytest.approx(expected) if expected is not None else None)


def test_a_study_has_a_frontier_and_times_to_its_first_curve() -> None:
    def score(run: RunSpec, share: float) -> float:
        level = 0.5 if run.method.name == "simclr" else 0.6
        return level * share**0.5

    axes = {"data.count": [100, 400], "method": ["simclr", "barlow_twins"], "seed": [0, 1]}
    results = planted(axes, score, (0.25, 0.5, 0.75, 1.0), noise=0.0)
    (front,) = frontiers_of(results, "flops")
    assert (front.target_of.key.method, front.target_of.n) == ("simclr", 100)
    assert front.target == pytest.approx(0.5)
    whole = max(s.cost for s in front.spots)
    for reached in front.reached:
        assert reached.cost is not None
        if reached.line.key.method == "simclr":
            assert reached.cost == pytest.approx(whole)
        else:  # 0.5 between 0.6 / sqrt(2) at a half and 0.6 sqrt(0.75) at three quarters
            part = (0.5 - 0.6 * 0.5**0.5) / (0.6 * (0.75**0.5 - 0.5**0.5))
            assert reached.cost == pytest.approx((0.5 + part * 0.25) * whole)
    best = [s for s in front.spots if s.best]
    assert {s.line.key.method for s in best} == {"barlow_twins"}
    assert len({s.share for s in best}) == 4


def test_a_curve_reaches_its_own_final_mean_though_a_seed_does_not() -> None:
    def score(run: RunSpec, share: float) -> float:
        return (0.5 if run.seed == 0 else 0.4) * share

    axes = {"data.count": [100, 400], "method": ["simclr"], "seed": [0, 1]}
    (front,) = frontiers_of(planted(axes, score, (0.5, 1.0), noise=0.0), "flops")
    own = next(each for each in front.reached if each.line == front.target_of)
    assert front.target == pytest.approx(0.45)
    assert own.cost == pytest.approx(max(s.cost for s in front.spots if s.line == own.line))
    assert (own.low, own.high) == (None, None)


def test_a_mean_that_never_reaches_leaves_no_time() -> None:
    def score(run: RunSpec, share: float) -> float:
        return 0.5 if run.method.name == "simclr" or run.seed == 0 else 0.4

    axes = {"data.count": [100], "method": ["simclr", "barlow_twins"], "seed": [0, 1]}
    (front,) = frontiers_of(planted(axes, score, (0.5, 1.0), noise=0.0))
    assert [r.cost is None for r in front.reached] == [False, True]


def test_runs_of_equal_cost_have_no_frontier() -> None:
    axes = {"data.count": [100], "method": ["simclr", "barlow_twins"], "seed": [0, 1]}
    assert frontiers_of(planted(axes, lambda run, share: 0.5)) == []


def test_the_cost_of_a_chain_is_that_of_all_its_stages() -> None:
    first = {"name": "first", "data": {"count": 100}}
    axes = {"run": [first, {"name": "second", "data": {"count": 200}, "init": first}], "seed": [0]}
    results = planted(axes, lambda run, share: 0.5)
    (front,) = frontiers_of(results, "flops")
    one, two = sorted(s.cost for s in front.spots)
    assert two == pytest.approx(2 * one, rel=0.01)  # images of the last step are whole
