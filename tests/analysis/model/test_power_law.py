"""The solver against scipy, its bounds, and its resistance to a wild point."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from datayield.analysis.model.power_law import C_BOUNDS, _medians, fit, fit_robust

SIZES = np.array([250.0, 500, 1000, 2000, 4000, 8000])


def test_a_noiseless_law_is_recovered() -> None:
    a, b, c = 0.2, 3.0, 0.4
    law = fit(SIZES, (a + b * SIZES**-c)[None], np.ones((1, 6)))
    parameters = law.a[0], law.b_per_image[0], law.c[0]
    assert parameters == pytest.approx((a, b, c), rel=5e-3)
    assert law.error(np.array([32000.0]))[0, 0] == pytest.approx(a + b * 32000**-c, abs=1e-4)


def test_never_worse_than_scipy_from_many_starts() -> None:
    rng = np.random.default_rng(0)
    for _ in range(10):
        y = rng.uniform(0, 0.3) + rng.uniform(0, 8) * SIZES ** -rng.uniform(0.1, 1.2)
        y = y + rng.normal(0, 0.01, 6)
        law = fit(SIZES, y[None], np.ones((1, 6)))
        ours = float(((law.error(SIZES)[0] - y) ** 2).sum())
        u = SIZES / SIZES.mean()
        theirs = min(
            2
            * least_squares(
                lambda p, y=y, u=u: p[0] + p[1] * u ** -p[2] - y,
                (0.1, 0.2, start),
                bounds=([0, 0, C_BOUNDS[0]], [np.inf, np.inf, C_BOUNDS[1]]),
            ).cost
            for start in (0.05, 0.2, 0.5, 1.0, 1.8)
        )
        assert ours <= theirs * 1.001 + 1e-9


def test_bounds_hold() -> None:
    rising = fit(SIZES, np.linspace(0.3, 0.5, 6)[None], np.ones((1, 6)))
    assert rising.b[0] == 0
    assert rising.a[0] == pytest.approx(0.4)
    steep = fit(SIZES, (4 * SIZES**-0.5 - 0.02)[None], np.ones((1, 6)))
    assert steep.a[0] == 0
    assert steep.b[0] > 0


def test_weights_leave_points_out() -> None:
    y = 0.1 + 2 * SIZES**-0.5
    spoilt = y.copy()
    spoilt[3] += 0.2
    weights = np.array([[1.0, 1, 1, 0, 1, 1]])
    assert fit(SIZES, spoilt[None], weights).error(SIZES)[0] == pytest.approx(y, abs=1e-4)


def test_a_wild_seed_moves_the_robust_fit_less_than_least_squares() -> None:
    rng = np.random.default_rng(3)
    cell = np.repeat(np.arange(6), 3)
    truth = 0.1 + 2 * SIZES**-0.5
    y = truth[cell] + rng.normal(0, 0.003, 18)
    y[17] += 0.15  # one collapsed run
    plain = fit_robust(SIZES, cell, y[None], rounds=0).error(SIZES)[0]
    robust = fit_robust(SIZES, cell, y[None]).error(SIZES)[0]
    assert np.abs(robust - truth).max() < 0.6 * np.abs(plain - truth).max()


@pytest.mark.parametrize("points", [8, 9, 100])
def test_medians_are_numpys_to_the_bit(points: int) -> None:
    x = np.random.default_rng(points).normal(size=(50, points))
    assert np.array_equal(_medians(x), np.median(x, axis=1, keepdims=True))


def test_data_are_left_as_they_were() -> None:
    errors = np.random.default_rng(0).uniform(0.1, 0.9, (20, 12))
    given = errors.copy()
    fit_robust(SIZES, np.repeat(np.arange(6), 2), errors)
    assert np.array_equal(errors, given)
