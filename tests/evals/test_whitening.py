"""The basis: uncorrelated axes, nothing kept of what does not vary."""

import pytest
import torch

from datayield.evals.whitening import fit_whitening
from tests.evals.made import mixture


def test_basis_is_uncorrelated_and_leaves_constants_out():
    x, _ = mixture(200, 12, 3)
    x[:, 4] = 0.1  # not representable: its float32 mean would differ from it
    x[:, 7] = -x[:, 8]
    axes = fit_whitening(x)
    z = axes(x).double()
    assert z.shape == (200, 11)  # 12 - constant - copy + bias
    assert z[:, -1].eq(1).all()
    torch.testing.assert_close(
        z.T @ z / 200, torch.diag(axes.variance), atol=1e-5, rtol=1e-4, check_dtype=False
    )
    assert float(axes.variance[:-1].sum()) == pytest.approx(11)


def test_new_items_go_through_what_train_taught():
    x, _ = mixture(200, 12, 3)
    axes = fit_whitening(x)
    torch.testing.assert_close(axes(x[:7]), axes(x)[:7])
    doubled = axes(x + x - axes.mean)  # twice as far from train's mean
    torch.testing.assert_close(doubled[:, :-1], 2 * axes(x)[:, :-1], atol=1e-4, rtol=1e-4)


def test_units_do_not_matter():
    x, _ = mixture(200, 12, 3)
    moved = x.double() * torch.logspace(-4, 4, 12) + 1
    one, two = fit_whitening(x.double()), fit_whitening(moved)
    torch.testing.assert_close(one.variance, two.variance)
    products = one(x.double()) @ one(x.double()).T  # axes may flip sign
    torch.testing.assert_close(two(moved) @ two(moved).T, products, atol=1e-3, rtol=1e-4)


def test_where_eigenvalues_do_not_converge_singular_values_give_the_same(
    monkeypatch: pytest.MonkeyPatch,
):
    """Fewer items than features: many eigenvalues are 0, at which LAPACK has given up."""
    x, _ = mixture(30, 50, 3)
    usual = fit_whitening(x.double())

    def fails(*_: object) -> None:
        raise torch.linalg.LinAlgError("failed to converge")

    monkeypatch.setattr(torch.linalg, "eigh", fails)
    other = fit_whitening(x.double())
    assert other.rotation.shape == usual.rotation.shape == (50, 29)
    torch.testing.assert_close(other.variance, usual.variance)
    products = usual(x.double()) @ usual(x.double()).T  # axes may flip sign
    torch.testing.assert_close(
        other(x.double()) @ other(x.double()).T, products, atol=1e-4, rtol=1e-4
    )
