import math

import numpy as np
import pytest
import torch

from datayield.maths.spectrum import effective_rank, feature_std


def spread(singular: list[float], n: int = 40) -> torch.Tensor:
    """[n, len(singular)] rows of mean zero with exactly these singular values."""
    noise = np.random.default_rng(0)
    left = noise.normal(size=(n, len(singular)))
    left, _ = np.linalg.qr(left - left.mean(axis=0))
    right, _ = np.linalg.qr(noise.normal(size=(len(singular), len(singular))))
    return torch.from_numpy(left * np.array(singular) @ right)


def test_known_spectra() -> None:
    assert effective_rank(spread([2.0, 2.0, 2.0, 2.0])) == pytest.approx(4.0)
    entropy = -(0.5 * math.log(0.5) + 2 * 0.25 * math.log(0.25))
    assert effective_rank(spread([4.0, 2.0, 2.0])) == pytest.approx(math.exp(entropy))
    assert effective_rank(spread([1.0, 0.0, 0.0])) == pytest.approx(1.0)


def test_shift_scale_and_rotation_do_not_matter_but_the_mean_is_removed() -> None:
    x = spread([3.0, 2.0, 1.0])
    rotation = torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64))[0]
    assert effective_rank(5 * x @ rotation + 100) == pytest.approx(effective_rank(x), rel=1e-9)


def test_equal_rows_have_rank_zero_in_float32_too() -> None:
    assert effective_rank(torch.full((50, 8), 0.1)) == 0.0
    assert effective_rank(torch.zeros(5, 3)) == 0.0


def test_features_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        effective_rank(torch.tensor([[1.0, math.nan], [0.0, 1.0]]))


def test_feature_std_against_numpy() -> None:
    x = np.random.default_rng(1).normal(size=(30, 6)) + 1
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    want = unit.std(axis=0).mean() * math.sqrt(6)
    assert feature_std(torch.from_numpy(x)) == pytest.approx(want, rel=1e-12)


def test_feature_std_is_one_on_the_sphere_and_zero_at_a_point() -> None:
    noise = torch.randn(4000, 64, generator=torch.Generator().manual_seed(0))
    assert feature_std(noise) == pytest.approx(1.0, abs=0.01)
    assert feature_std(torch.full((10, 4), 2.0)) == pytest.approx(0.0, abs=1e-12)
    assert feature_std(torch.zeros(10, 4)) == 0.0
