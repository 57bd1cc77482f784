"""Histograms that count each value once, and the work between two of them."""

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance

from datayield.maths.histograms import earth_movers, histogram


def test_bins_hold_their_lower_end_and_the_last_both() -> None:
    values = torch.tensor([[0.0], [0.25], [0.25], [0.49], [0.5], [1.0], [1.5], [-3.0]])
    counts = histogram(values, torch.zeros(1), torch.ones(1), bins=4)
    assert counts.tolist() == [[2, 3, 1, 2]]


def test_it_is_numpys_where_no_value_is_on_an_edge() -> None:
    values = torch.randn(500, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    low, high = values.amin(dim=0), values.amax(dim=0)
    counts = histogram(values, low, high, bins=37)
    for k in range(3):
        theirs, _ = np.histogram(values[:, k].numpy(), 37, (float(low[k]), float(high[k])))
        assert counts[k].tolist() == theirs.tolist()


def test_a_neuron_that_never_varies_is_all_in_one_bin_and_at_no_distance() -> None:
    values = torch.stack([torch.full((5,), 2.0), torch.arange(5.0)], dim=1)
    counts = histogram(values, values.amin(dim=0), values.amax(dim=0), bins=5)
    assert counts.tolist() == [[5, 0, 0, 0, 0], [1, 1, 1, 1, 1]]
    assert earth_movers(counts, 2 * counts).tolist() == [0, 0]


def test_the_work_is_scipys() -> None:
    draw = np.random.default_rng(0)
    a, b = draw.integers(0, 9, (4, 20)), draw.integers(0, 5, (4, 20))
    work = earth_movers(torch.from_numpy(a), torch.from_numpy(b))
    at = np.arange(20)
    expected = [wasserstein_distance(at, at, p, q) for p, q in zip(a, b, strict=True)]
    assert work.tolist() == pytest.approx(expected, rel=1e-10)


def test_all_moved_from_one_end_to_the_other_is_the_range_but_a_bin() -> None:
    a, b = torch.eye(10)[:1], torch.eye(10)[9:]
    assert earth_movers(a, b).tolist() == [9]


def test_what_has_no_histogram_or_distance() -> None:
    one = torch.ones(1, 3)
    with pytest.raises(ValueError, match="empty"):
        earth_movers(one, 0 * one)
    with pytest.raises(ValueError, match="two shapes"):
        earth_movers(one, torch.ones(1, 4))
    with pytest.raises(ValueError, match="not finite"):
        histogram(torch.tensor([[torch.nan]]), torch.zeros(1), torch.ones(1))
