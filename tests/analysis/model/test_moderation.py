"""Shrinking variances towards each other: fully where they are alike, less where they are not."""

import numpy as np
import pytest

from datayield.analysis.model.moderation import moderate


def test_alike_variances_are_pooled_fully_and_unlike_ones_are_not() -> None:
    rng = np.random.default_rng(0)
    alike = rng.chisquare(2, 200) / 2
    noise = moderate(alike.tolist(), [2] * 200)
    assert noise.df > 8
    assert noise.of(9.0, 2)[0] < 3
    unlike = alike * np.exp(rng.normal(0, 2.0, 200))
    kept, df = moderate(unlike.tolist(), [2] * 200).of(9.0, 2)
    assert kept > 4
    assert df < 6


def test_prior_of_known_variances_is_found_again() -> None:
    """Variances drawn as Smyth's model says: prior 2.5 with 6 degrees of freedom."""
    rng = np.random.default_rng(1)
    truth = 2.5 * 6 / rng.chisquare(6, 20000)
    noise = moderate((truth * rng.chisquare(4, 20000) / 4).tolist(), [4] * 20000)
    assert (noise.variance, noise.df) == pytest.approx((2.5, 6), rel=0.06)
