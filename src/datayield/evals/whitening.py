"""Features standardised and rotated to the axes of their covariance, as learned on train."""

from typing import NamedTuple

import torch
from torch import Tensor

CONSTANT = 1e-6  # a feature varying by less than this fraction of its magnitude is rounding error
FLAT = 1e-9  # variance of an axis, for unit-variance features, negligible at all strengths used


class Whitening(NamedTuple):
    """Standardisation and rotation, learned on the training items: [d] features -> [r + 1].

    Constant features and axes without variance are left out; their weights would be 0.
    """

    mean: Tensor  # [d], float64 like the rest
    rotation: Tensor  # [d, r], columns also divide by the standard deviation
    variance: Tensor  # [r + 1] of the new axes; 1 for the bias

    def __call__(self, features: Tensor) -> Tensor:
        """[n, d] -> float32 [n, r + 1], the last column 1."""
        axes = (features.double() - self.mean) @ self.rotation
        return torch.cat([axes, axes.new_ones(len(axes), 1)], dim=1).float()


def fit_whitening(features: Tensor) -> Whitening:
    """Mean, standard deviation and principal axes of the rows of `features` [n, d]."""
    x = features.double()
    mean = x.mean(dim=0)
    x = x - mean
    std = x.square().mean(dim=0).sqrt()
    scale = torch.where(std > CONSTANT * features.abs().amax(dim=0), 1 / std, 0.0)
    x *= scale
    variance, axes = _principal_axes(x)
    kept = variance > FLAT
    rotation = scale[:, None] * axes[:, kept]
    return Whitening(mean, rotation, torch.cat([variance[kept], variance.new_ones(1)]))


def _principal_axes(x: Tensor) -> tuple[Tensor, Tensor]:
    """Variances [r], ascending, and axes [d, r] of centred rows [n, d].

    LAPACK's eigenvalues can fail to converge where many are equal, as the zeros of fewer items than
    features; the singular values of the rows themselves then give the same axes.
    """
    try:
        variance, axes = torch.linalg.eigh(x.T @ x / len(x))
    except RuntimeError:  # torch.linalg.LinAlgError is one
        _, singular, rows = torch.linalg.svd(x, full_matrices=False)
        variance, axes = singular.square().flip(0) / len(x), rows.T.flip(1)
    return variance, axes
