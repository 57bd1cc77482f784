"""Non-negative least squares for many problems, against scipy's solver of one."""

import numpy as np
from scipy.optimize import nnls

from datayield.analysis.model.law.nonnegative import nonnegative


def test_it_agrees_with_scipy() -> None:
    rng = np.random.default_rng(0)
    columns, values = rng.normal(size=(9, 4, 60)), rng.normal(size=(9, 60))
    coefficients, left = nonnegative(columns, values)
    for d, squares in enumerate(left):
        expected, norm = nnls(columns[..., d], values[:, d])
        np.testing.assert_allclose(coefficients[:, d], expected, atol=1e-6)
        np.testing.assert_allclose(squares, norm**2, atol=1e-7)


def test_equal_columns_are_no_trouble() -> None:
    ones = np.ones((5, 2, 1))
    coefficients, left = nonnegative(ones, np.full((5, 1), 3.0))
    np.testing.assert_allclose(coefficients.sum(), 3.0, rtol=1e-6)
    assert left[0] < 1e-6
