"""The solver against scikit-learn in float64, and against the condition of a minimum."""

import numpy as np
import pytest
import torch
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from datayield.evals.linear import STRENGTHS
from datayield.evals.logistic import regularisation_path
from datayield.evals.whitening import fit_whitening
from tests.evals.made import mixture


def ill_conditioned(n: int, d: int, classes: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Scales over eight decades, an offset of 1000, a constant, a copy and a near copy."""
    x, y = mixture(n, d, classes, seed)
    x = x * torch.logspace(-4, 4, d)
    x[:, 0] += 1000
    x[:, 1] = 0.1
    x[:, 2] = x[:, 3]
    x[:, 4] = x[:, 5] + 1e-3 * x[:, 6]
    return x, y


def standardised(x: Tensor) -> np.ndarray:
    """Float64; constant columns become 0."""
    x = x.double()
    std = x.std(dim=0, correction=0)
    return ((x - x.mean(0)) / torch.where(std > 1e-6 * x.abs().amax(0), std, torch.inf)).numpy()


def objective(
    x: np.ndarray, y: np.ndarray, weight: np.ndarray, bias: np.ndarray, s: float
) -> float:
    scores = log_softmax(x @ weight.T + bias, axis=1)
    return float(-scores[np.arange(len(y)), y].mean() + s / 2 * (weight**2).sum())


def reference(x: np.ndarray, y: np.ndarray, s: float) -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's minimum as [K, d] and [K]: two opposite vectors for two classes."""
    classes = len(np.unique(y))
    c = (2 if classes == 2 else 1) / (len(y) * s)
    fit = LogisticRegression(C=c, tol=1e-7, max_iter=20_000).fit(x, y)
    if classes == 2:
        return np.stack([-fit.coef_[0], fit.coef_[0]]) / 2, np.array([-1, 1]) * fit.intercept_ / 2
    return fit.coef_, fit.intercept_


CASES = [
    pytest.param(mixture, 600, 24, 10, id="plain"),
    pytest.param(mixture, 400, 32, 2, id="two-classes"),
    pytest.param(mixture, 60, 128, 5, id="fewer-items-than-features"),
    pytest.param(mixture, 300, 16, 40, id="many-classes"),
    pytest.param(ill_conditioned, 500, 32, 6, id="ill-conditioned"),
]


@pytest.mark.parametrize(("make", "n", "d", "classes"), CASES)
def test_agrees_with_scikit_learn(make, n, d, classes):
    x, y = make(n, d, classes)
    x_test, y_test = make(2000, d, classes, seed=1)
    y_test = y_test.numpy()
    axes = fit_whitening(x)
    fits = regularisation_path(axes(x), y, axes.variance, STRENGTHS)
    assert [fit.strength for fit in fits] == list(STRENGTHS)
    a, b = standardised(x), y.numpy()
    mean, std = x.double().mean(0), x.double().std(dim=0, correction=0)
    rotation = axes.rotation * std[:, None]  # as the weights of standardised features
    for fit in fits[::5]:
        ours = (
            (fit.weight[:, :-1].double() @ rotation.T).numpy(),
            fit.weight[:, -1].double().numpy(),
        )
        theirs = reference(a, b, fit.strength)
        best = objective(a, b, *theirs, fit.strength)
        assert fit.converged
        assert objective(a, b, *ours, fit.strength) == pytest.approx(best, rel=5e-4)
        assert fit.objective == pytest.approx(best, rel=5e-4)
        z = np.where(std > 1e-6 * x.abs().amax(0), (x_test.double() - mean) / std, 0.0)
        expected = ((z @ theirs[0].T + theirs[1]).argmax(1) == y_test).mean()
        got = ((axes(x_test) @ fit.weight.T).argmax(1).numpy() == y_test).mean()
        assert abs(got - expected) <= 0.002


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradient_vanishes_at_the_minimum(dtype):
    """By autograd, in float64: the strongly convex bound |g|^2 / 2s on what is left to gain."""
    x, y = mixture(300, 20, 4)
    axes = fit_whitening(x)
    z = axes(x).to(dtype)
    for fit in regularisation_path(z, y, axes.variance, (1.0, 0.1, 0.01)):
        weight = fit.weight.double().requires_grad_()
        loss = torch.nn.functional.cross_entropy(z.double() @ weight.T, y)
        (loss + fit.strength / 2 * weight[:, :-1].square().sum()).backward()
        assert weight.grad[:, -1].abs().max() < 1e-3  # the bias is not penalised
        left = weight.grad[:, :-1].square().sum() / (2 * fit.strength)
        assert left < 1e-3 * fit.objective


def test_path_ends_where_a_cold_start_does():
    x, y = mixture(400, 32, 8)
    axes = fit_whitening(x)
    warm = regularisation_path(axes(x), y, axes.variance, STRENGTHS)[-1]
    cold = regularisation_path(axes(x), y, axes.variance, STRENGTHS[-1:])[0]
    assert cold.converged
    assert warm.objective == pytest.approx(cold.objective, rel=5e-4)
    assert warm.iterations < cold.iterations


def test_strength_means_the_same_for_any_number_of_items():
    x, y = mixture(300, 16, 5)
    axes = fit_whitening(x)
    once = regularisation_path(axes(x), y, axes.variance, (0.1,))[0]
    twice = regularisation_path(axes(x).repeat(2, 1), y.repeat(2), axes.variance, (0.1,))[0]
    torch.testing.assert_close(once.weight, twice.weight, atol=1e-4, rtol=1e-3)


def test_all_features_constant_leaves_the_prior():
    axes = fit_whitening(torch.ones(10, 4))
    y = torch.tensor([0] * 7 + [1] * 3)
    fit = regularisation_path(axes(torch.ones(10, 4)), y, axes.variance, (1.0,))[0]
    torch.testing.assert_close(fit.weight.softmax(0)[:, 0], torch.tensor([0.7, 0.3]))


def test_same_bits_twice():
    x, y = mixture(300, 16, 5)
    axes = fit_whitening(x)
    first, second = (
        regularisation_path(axes(x), y, axes.variance, STRENGTHS[:6]) for _ in range(2)
    )
    assert all(torch.equal(a.weight, b.weight) for a, b in zip(first, second, strict=True))


def test_minima_on_most_items_are_a_good_place_to_start() -> None:
    x, y = mixture(400, 24, 6)
    axes = fit_whitening(x)
    z, most = axes(x), torch.arange(len(y)) % 5 > 0
    strengths = tuple(10 ** (1 - i / 2) for i in range(9))
    near = regularisation_path(z[most], y[most], axes.variance, strengths)
    alone = regularisation_path(z, y, axes.variance, strengths)
    helped = regularisation_path(z, y, axes.variance, strengths, near)
    for one, other in zip(alone, helped, strict=True):
        assert other.converged
        assert other.objective == pytest.approx(one.objective, rel=2e-5)
    assert sum(f.iterations for f in helped) < sum(f.iterations for f in alone)
