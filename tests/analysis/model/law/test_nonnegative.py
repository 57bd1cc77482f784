"""Non-negative least squares for many problems, against scipy's solver of one."""

import numpy as np
from scipy.optimize import nnls

from datayield.analysis.model.law.nonnegative import nonnegative


def test_it_agrees_with_scipy() -> None:
    rng = np.random.default_rng(0)
    columns, values = rng.normal(size=(60, 9, 4)), rng.normal(size=(60, 9))
    coefficients, left = nonnegative(columns, values)
    for x, y, b, squares in zip(columns, values, coefficients, left, strict=True):
        expected, norm = nnls(x, y)
        np.testing.assert_allclose(b, expected, atol=1e-6)
        np.testing.assert_allclose(squares, norm**2, atol=1e-7)


def test_equal_columns_are_no_trouble() -> None:
    ones = np.ones((1, 5, 2))
    coefficients, left = nonnegative(ones, np.full((1, 5), 3.0))
    np.testing.assert_allclose(coefficients.sum(), 3.0, rtol=1e-6)
    assert left[0] < 1e-6
