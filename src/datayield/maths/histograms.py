"""Histograms of neurons and the earth mover's distance (VisualDNA, Ramtoula et al. 2023).

arXiv 2304.10036. Letters: N values, C neurons, K bins.
"""

import torch
from torch import Tensor

BINS = 1_000  # VisualDNA's


def histogram(values: Tensor, low: Tensor, high: Tensor, bins: int = BINS) -> Tensor:
    """How many of `values` [N, C] lie in each of equal bins from `low` [C] to `high` [C]: [C, K].

    Bins are half-open, the last one closed, so each value counts once. Values out of range count
    in the end bins, and all values of a neuron with an empty range in bin 0.
    Raises ValueError for values that are not finite.
    """
    if not bool(values.isfinite().all()):
        raise ValueError("values that are not finite lie in no bin")
    neurons = values.shape[1]
    width = (high - low).double()
    scale = torch.where(width > 0, bins / width, torch.zeros_like(width))
    place = ((values.double() - low.double()) * scale).floor().clamp(0, bins - 1).long()
    place += torch.arange(neurons, device=values.device) * bins
    return torch.bincount(place.flatten(), minlength=neurons * bins).view(neurons, bins)


def earth_movers(a: Tensor, b: Tensor) -> Tensor:
    """Wasserstein-1 distance of histograms `a` and `b` [C, K] over the same bins, in bins: [C].

    Exact for values at bin centres. Each histogram is normalised to one; divided by K, the result
    is a fraction of the range. Raises ValueError for an empty histogram or different shapes.
    """
    if a.shape != b.shape:
        raise ValueError(f"histograms of two shapes: {tuple(a.shape)} and {tuple(b.shape)}")
    totals = [h.double().sum(dim=1, keepdim=True) for h in (a, b)]
    if any(bool((total <= 0).any()) for total in totals):
        raise ValueError("an empty histogram has no distance to any other")
    apart = a.double() / totals[0] - b.double() / totals[1]
    return apart.cumsum(dim=1).abs().sum(dim=1)
