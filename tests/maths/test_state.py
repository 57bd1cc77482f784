"""RankMe, alpha-ReQ, LiDAR, alignment and uniformity against their definitions, and at edges."""

import math

import numpy as np
import pytest
import torch

from datayield.maths.invariance import LIDAR_DELTA, LIDAR_EPS, alignment, lidar, uniformity
from datayield.maths.spectrum import RANKME_EPS, centred_spectrum, decay, effective_rank, rankme
from tests.maths import naive_state as naive

NEAR = {"rel": 1e-9, "abs": 1e-9}


def features(n: int = 120, d: int = 24, seed: int = 0) -> np.ndarray:
    """A decaying spectrum and a mean far from 0, as encoders give them."""
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(d, d)) * np.arange(1, d + 1)[:, None] ** -0.8
    return np.asarray(rng.normal(size=(n, d)) @ mix + rng.normal(size=d))


def views_of(n: int = 40, q: int = 5, d: int = 12, noise: float = 0.3) -> np.ndarray:
    rng = np.random.default_rng(1)
    spread = np.linspace(1, 3, d)
    return np.asarray(features(n, d)[:, None] + noise * rng.normal(size=(n, q, d)) * spread)


@pytest.mark.parametrize("shape", [(120, 24), (20, 30)])
def test_ranks_are_those_of_the_definitions(shape: tuple[int, int]) -> None:
    x = features(*shape)
    if shape[0] > shape[1]:  # the loops' way loses half the digits of singular values that are 0
        assert effective_rank(torch.from_numpy(x)) == pytest.approx(naive.effective_rank(x), **NEAR)
    assert rankme(torch.from_numpy(x)) == pytest.approx(naive.rankme(x, RANKME_EPS), **NEAR)


def test_rankme_does_not_centre_and_effective_rank_does() -> None:
    x = torch.from_numpy(features())
    assert rankme(x + 100) < 2
    assert effective_rank(x + 100) == pytest.approx(effective_rank(x), rel=1e-9)
    assert rankme(torch.zeros(5, 3)) == 0.0
    with pytest.raises(ValueError, match="RankMe"):
        rankme(torch.tensor([[math.inf, 1.0]]))


@pytest.mark.parametrize(("d", "last"), [(24, 12), (64, 32), (250, 100)])
def test_alpha_is_that_of_the_definition_over_a_range_that_grows_with_d(d: int, last: int) -> None:
    x = features(400, d)
    power_law = decay(centred_spectrum(torch.from_numpy(x)))
    assert power_law is not None
    assert (power_law.first, power_law.last) == (4, last)
    assert (power_law.alpha, power_law.r2) == pytest.approx(naive.alpha(x, 4, last), **NEAR)


def test_an_exact_power_law_has_its_exponent_and_r2_of_one() -> None:
    singular = torch.arange(1, 101, dtype=torch.float64) ** -0.6  # eigenvalues k^-1.2
    power_law = decay(singular)
    assert power_law is not None
    assert power_law.alpha == pytest.approx(1.2, rel=1e-12)
    assert power_law.r2 == pytest.approx(1)
    assert decay(singular[:15]) is None  # 4 to 7: too few for a slope
    assert decay(singular[:16]) is not None
    kinked = torch.cat([singular[:10], singular[10:] * 0.1])
    assert decay(kinked).r2 < 0.95  # type: ignore[union-attr]


def test_lidar_is_that_of_the_definition() -> None:
    views = views_of()
    got = lidar(torch.from_numpy(views))
    assert got == pytest.approx(naive.lidar(views, LIDAR_DELTA, LIDAR_EPS), **NEAR)
    few = views_of(n=6)  # fewer images than dimensions
    got = lidar(torch.from_numpy(few))
    assert got == pytest.approx(naive.lidar(few, LIDAR_DELTA, LIDAR_EPS), **NEAR)
    assert got < 5.001


def test_lidar_counts_directions_that_tell_images_apart_and_views_do_not_blur() -> None:
    rng = np.random.default_rng(2)
    kept, blurred = rng.normal(size=(500, 1, 3)), rng.normal(size=(500, 10, 5))
    both = torch.from_numpy(np.concatenate([np.repeat(kept, 10, axis=1), blurred], axis=2))
    assert lidar(both) == pytest.approx(3, abs=0.05)
    assert effective_rank(both[:, 0]) > 7.5


def test_collapsed_features_have_lidar_zero_and_too_little_is_refused() -> None:
    assert lidar(torch.ones(10, 3, 4)) == 0.0
    for shape in ((1, 3, 4), (3, 1, 4)):
        with pytest.raises(ValueError, match="two images and two views"):
            lidar(torch.zeros(shape))
    with pytest.raises(ValueError, match="not finite"):
        lidar(torch.full((3, 3, 4), math.nan))


def test_alignment_and_uniformity_are_those_of_the_definitions() -> None:
    x, y = features(40, 8), features(40, 8, seed=5)
    pair = torch.from_numpy(x), torch.from_numpy(y)
    assert alignment(*pair) == pytest.approx(naive.alignment(x, y), **NEAR)
    assert uniformity(pair[0]) == pytest.approx(naive.uniformity(x), **NEAR)


def test_alignment_and_uniformity_at_their_ends() -> None:
    x = torch.eye(6)
    assert alignment(x, 3 * x) == 0.0
    assert alignment(x, -x) == pytest.approx(4.0)
    assert uniformity(torch.ones(5, 3)) == pytest.approx(0.0)
    assert uniformity(x) == pytest.approx(-4.0)  # orthogonal: all squared distances are 2
    with pytest.raises(ValueError, match="two rows"):
        uniformity(torch.ones(1, 3))
