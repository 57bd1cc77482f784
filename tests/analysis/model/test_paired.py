"""Paired differences: against scipy where nothing is pooled, and in coverage where it is."""

import math

import numpy as np
import pytest
from scipy import stats

from datayield.analysis.model.paired import Pair, differences, moderate


def _pair(before: list[float], after: list[float], n_test: int = 1000) -> Pair:
    return Pair(dict(enumerate(before)), dict(enumerate(after)), n_test)


def test_one_pair_is_the_paired_t_interval_of_scipy() -> None:
    before, after = [0.50, 0.52, 0.49, 0.51], [0.55, 0.56, 0.56, 0.54]
    (gain,) = differences([_pair(before, after)])
    ci = stats.ttest_rel(after, before).confidence_interval(0.95)
    assert (gain.low, gain.high) == pytest.approx((ci.low, ci.high), rel=1e-12)
    assert gain.mean == pytest.approx(np.mean(after) - np.mean(before), rel=1e-12)


def test_only_seeds_on_both_sides_count() -> None:
    pair = Pair({0: 0.5, 1: 0.6, 7: 0.0}, {0: 0.6, 1: 0.7, 8: 1.0}, 1000)
    (gain,) = differences([pair])
    assert gain.mean == pytest.approx(0.1)
    assert gain.seeds == 2
    (none,) = differences([Pair({0: 0.5}, {1: 0.5}, 1000)])
    assert none.covers == "nothing"
    assert math.isnan(none.mean)


def test_one_seed_alone_gets_the_binomial_interval_of_its_test_images() -> None:
    (gain,) = differences([_pair([0.5], [0.8], 400)])
    half = stats.norm.ppf(0.975) * math.sqrt((0.25 + 0.16) / 400)
    assert gain.covers == "test images only"
    assert (gain.low, gain.high) == pytest.approx((0.3 - half, 0.3 + half), rel=1e-12)


def test_one_seed_borrows_the_seed_noise_of_the_other_cells() -> None:
    others = [_pair([0.5, 0.5, 0.5], [0.5 + d, 0.5, 0.5 - d]) for d in (0.02, 0.02)]
    gain = differences([*others, _pair([0.5], [0.5], 10**9)])[-1]
    half = stats.t.ppf(0.975, 4) * 0.02  # var of (d, 0, -d) is d^2, from 2 x 2 degrees of freedom
    assert gain.covers == "seeds"
    assert gain.high == pytest.approx(half, rel=1e-3)


def test_alike_variances_are_pooled_fully_and_unlike_ones_are_not() -> None:
    rng = np.random.default_rng(0)
    alike = rng.chisquare(2, 200) / 2
    noise = moderate(alike, [2] * 200)
    assert noise.df > 8
    assert noise.of(9.0, 2)[0] < 3
    unlike = alike * np.exp(rng.normal(0, 2.0, 200))
    kept, df = moderate(unlike, [2] * 200).of(9.0, 2)
    assert kept > 4
    assert df < 6


def test_prior_of_known_variances_is_found_again() -> None:
    """Variances drawn as Smyth's model says: prior 2.5 with 6 degrees of freedom."""
    rng = np.random.default_rng(1)
    truth = 2.5 * 6 / rng.chisquare(6, 20000)
    noise = moderate(truth * rng.chisquare(4, 20000) / 4, [4] * 20000)
    assert (noise.variance, noise.df) == pytest.approx((2.5, 6), rel=0.06)


def test_coverage_is_near_nominal_with_three_seeds() -> None:
    rng = np.random.default_rng(2)
    hits = total = 0
    for _ in range(150):
        noise = rng.normal(0, 0.01, (2, 8, 3))
        pairs = [_pair(list(a), list(0.1 + b)) for a, b in zip(*noise, strict=True)]
        gains = differences(pairs)
        hits += sum(d.low <= 0.1 <= d.high for d in gains)
        total += len(gains)
    assert 0.93 <= hits / total <= 0.975  # 1200 intervals: 4 standard errors are 0.025


def test_ties_on_a_small_test_set_do_not_break_the_pooling() -> None:
    pairs = [_pair([0.5, 0.5], [0.6, 0.6]), _pair([0.5, 0.6], [0.6, 0.6]), _pair([0.1, 0], [0, 0])]
    assert all(math.isfinite(d.high) for d in differences(pairs))


def test_seeds_that_tie_leave_an_interval() -> None:
    """Two seeds that gain the same 22 of 800 test images know their gain to a rounding at best."""
    before, after = {0: 700 / 800, 1: 706 / 800}, {0: 722 / 800, 1: 728 / 800}
    (gain,) = differences([Pair(before, after, 800)])
    assert gain.mean == pytest.approx(22 / 800)
    assert gain.high - gain.low == pytest.approx(
        2 * 12.706 * (1 / 6) ** 0.5 / 800 / 2**0.5, rel=1e-3
    )
