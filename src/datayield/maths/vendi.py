"""The Vendi score: how many different images a set is worth."""

import torch
from torch import Tensor

from datayield.maths.spectrum import entropy_rank


def vendi_score(x: Tensor) -> float:
    """exp of the entropy of the eigenvalues of K / n, K the cosine kernel of `x` [n, d].

    Friedman and Dieng 2023 (TMLR, arXiv 2210.02410): 1 for n copies of an image, n for n images
    with orthogonal features. Rows of zeros count as copies of each other, unlike any other row. In
    float64, from a matrix of side min(n, d + 1). Raises ValueError if `x` is empty or not finite.
    """
    if not len(x) or not torch.isfinite(x).all():
        raise ValueError("the Vendi score needs finite features of at least one image")
    norms = x.double().norm(dim=1, keepdim=True)
    zero = norms[:, 0] == 0
    rows = torch.cat((x.double() / norms.clamp_min(1e-300), zero.double()[:, None]), dim=1)
    kernel = rows @ rows.T if len(rows) < rows.shape[1] else rows.T @ rows  # the same spectrum
    eigenvalues = torch.linalg.eigvalsh(kernel)
    rounding = len(kernel) * torch.finfo(kernel.dtype).eps * eigenvalues[-1]
    return entropy_rank(eigenvalues[eigenvalues > rounding])
