"""The Vendi score against its definition, and sets whose score is known."""

import math

import numpy as np
import pytest
import torch

from datayield.maths.vendi import vendi_score


def by_definition(x: np.ndarray) -> float:
    """exp of the entropy of the eigenvalues of the n x n cosine kernel over n."""
    n = len(x)
    kernel = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            kernel[i, j] = x[i] @ x[j] / (np.linalg.norm(x[i]) * np.linalg.norm(x[j]))
    values = np.linalg.eigvalsh(kernel / n)
    return math.exp(-sum(v * math.log(v) for v in values if v > 1e-12))


@pytest.mark.parametrize(("n", "d"), [(7, 3), (3, 7), (12, 12)])
def test_it_is_the_definition(n: int, d: int) -> None:
    x = np.random.default_rng(n).normal(size=(n, d))
    assert vendi_score(torch.from_numpy(x)) == pytest.approx(by_definition(x), rel=1e-9)


def test_identical_images_count_as_one() -> None:
    assert vendi_score(torch.ones(9, 4)) == pytest.approx(1)
    assert vendi_score(torch.tensor([[1.0, 2.0], [3.0, 6.0]])) == pytest.approx(1)  # of any length


def test_orthogonal_images_count_each() -> None:
    assert vendi_score(torch.eye(6)) == pytest.approx(6)
    twice = torch.cat((torch.eye(6), torch.eye(6)))
    assert vendi_score(twice) == pytest.approx(6)  # copies add nothing
    assert vendi_score(3 * torch.eye(40, 50)) == pytest.approx(40)


def test_images_at_the_centre_are_alike() -> None:
    assert vendi_score(torch.zeros(5, 3)) == pytest.approx(1)
    assert vendi_score(torch.cat((torch.zeros(1, 3), torch.eye(3)))) == pytest.approx(4)


def test_what_cannot_be_scored_is_refused() -> None:
    for x in (torch.zeros(0, 3), torch.tensor([[math.nan, 1.0]])):
        with pytest.raises(ValueError, match="finite features of at least one image"):
            vendi_score(x)
