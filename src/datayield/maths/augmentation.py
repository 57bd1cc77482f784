"""The augmentation graph on the span of features: which functions are invariant to views.

Ghosh et al. 2024 (arXiv 2312.10725) interpret a non-contrastive loss as a search for the leading
eigenfunctions of T, the average over the views of an image, and its adjoint: functions f of
views whose variance lies between images. On the span of given features phi that is
B w = lambda C w: C the covariance of phi over all views, B that of its mean over each image's
views. With indicators of augmented states as phi, the lambda are the eigenvalues of the kernel
K_ij = 1/n sum_s p(s | i) p(s | j) / p(s) of two images that share augmented states.
"""

import torch
from torch import Tensor

FLAT = 1e-10  # variance of an axis, relative to the largest, below which it is rounding error


def augmentation_spectrum(views: Tensor) -> Tensor:
    """Eigenvalues [r], largest first, in [0, 1], of features `views` [n, V, d], in float64.

    They are those of the n x n Gram kernel of the images' mean features, whitened over all views;
    the constant function, whose eigenvalue is always 1, is left out. 1: a function of the image
    alone; 0: one that views destroy. r is at most min(n - 1, d), and 0 if all features are equal.
    A mean over V views keeps 1 / V of the within-image variance, so few views raise lambda to
    about lambda + (1 - lambda) / V, and a single view raises all to 1. n V must be several times d,
    or apparent invariance arises by chance.
    Raises ValueError if features are not finite, or for fewer than two images.
    """
    n, count = views.shape[:2]
    if n < 2 or not bool(views.isfinite().all()):
        raise ValueError(f"needs finite features of two images, got {n} images")
    x = views.detach().double()
    rounding = (len(x) * torch.finfo(x.dtype).eps) ** 2 * x.square().sum() / (n * count)
    x = x - x.mean(dim=(0, 1))
    flat = x.flatten(0, 1)
    variance, axes = torch.linalg.eigh(flat.T @ flat / len(flat))
    kept = variance > torch.maximum(FLAT * variance[-1], rounding)
    white = x.mean(dim=1) @ (axes[:, kept] / variance[kept].sqrt())  # [n, r]
    smaller = white @ white.T if n < white.shape[1] else white.T @ white
    eigenvalues: Tensor = torch.linalg.eigvalsh(smaller / n).flip(0).clamp(0, 1)
    return eigenvalues[: n - 1]


def leading_axes(views: Tensor, count: int) -> Tensor:
    """`views` [n, V, d] projected on their `count` leading axes: [n, V, min(count, d)].

    Fixes the span of functions, so that few and many views are compared on the same one.
    """
    x = views.detach().double()
    x = x - x.mean(dim=(0, 1))
    flat = x.flatten(0, 1)
    _, axes = torch.linalg.eigh(flat.T @ flat)
    projected: Tensor = x @ axes[:, -count:].flip(1)
    return projected
