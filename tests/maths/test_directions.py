"""Directions: centred, of norm 1, in the main axes."""

import numpy as np
import pytest

from datayield.maths.directions import directions


def test_lengths_and_the_mean_do_not_matter() -> None:
    x = np.random.default_rng(0).normal(size=(30, 4))
    x -= x.mean(axis=0)
    a = directions(x, 4).of(x)
    np.testing.assert_allclose(np.linalg.norm(a, axis=1), 1, atol=1e-6)
    moved = 5 * x + 100
    np.testing.assert_allclose(directions(moved, 4).of(moved), a, atol=1e-5)


def test_the_main_axes_hold_most() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(500, 6)) * [1, 1, 1e-3, 10, 10, 1e-3]
    along = directions(x, 4)
    assert along.of(x).shape == (500, 4)
    np.testing.assert_allclose(np.linalg.norm(along.of(x), axis=1), 1, atol=1e-4)
    unit = directions(x, 6).of(x)
    np.testing.assert_allclose(along.of(x) @ along.of(x).T, unit @ unit.T, atol=1e-4)


def test_an_image_at_the_centre_has_no_direction() -> None:
    x = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.0]])
    assert directions(x, 2).of(x)[2] == pytest.approx([0, 0])
