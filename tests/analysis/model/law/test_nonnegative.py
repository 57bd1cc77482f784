"""Non-negative least squares for many problems, against scipy's solver of one."""

import numpy as np
from scipy.optimize import nnls

from datayield.analysis.model.law.nonnegative import gram_of, nonnegative


def test_it_agrees_with_scipy() -> None:
    rng = np.random.default_rng(0)
    columns, values = rng.normal(size=(9, 4, 60)), rng.normal(size=(9, 60))
    coefficients, left = nonnegative(columns, gram_of(columns), values)
    for d, squares in enumerate(left):
        expected, norm = nnls(columns[..., d], values[:, d])
        np.testing.assert_allclose(coefficients[:, d], expected, atol=1e-6)
        np.testing.assert_allclose(squares, norm**2, atol=1e-7)


def test_equal_columns_are_no_trouble() -> None:
    ones = np.ones((5, 2, 1))
    coefficients, left = nonnegative(ones, gram_of(ones), np.full((5, 1), 3.0))
    np.testing.assert_allclose(coefficients.sum(), 3.0, rtol=1e-6)
    assert left[0] < 1e-6


def test_of_equally_good_sets_the_smallest_is_taken() -> None:
    """Rounding decided before, and with it how many coefficients a law was charged for."""
    rng = np.random.default_rng(1)
    one = rng.normal(size=(7, 1, 300)) + 2
    columns = np.concatenate([one, one, rng.normal(size=(7, 1, 300))], axis=1)
    values = 1.5 * one[:, 0] - columns[:, 2]  # the third does not help
    coefficients, _ = nonnegative(
        columns, gram_of(columns), values + 0.1 * rng.normal(size=(7, 300))
    )
    assert set((coefficients > 0).sum(axis=0)) == {1}
    assert (coefficients[0] > 0).all()  # always the first of the two


def test_two_values_are_explained_by_the_first_column_and_another() -> None:
    """Any two columns fit two values exactly; the first is the floor of a law."""
    columns = np.array([[1, 3.0, 0.3], [1, 1, 1]])[:, :, None]  # falls, and rises
    coefficients, left = nonnegative(columns, gram_of(columns), np.array([[0.58], [0.59]]))
    np.testing.assert_allclose(coefficients[:, 0], [0.58 - 0.003 / 0.7, 0, 0.01 / 0.7], atol=1e-6)
    np.testing.assert_allclose(left, 0, atol=1e-12)
