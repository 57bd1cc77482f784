"""SwAV's losses: predict the cluster assignment of one view of an image from another view.

Caron et al. 2020 (arXiv 2006.09882). Letters: V views, B images, K prototypes, N samples.
"""

import torch
from torch import Tensor

from datayield.maths.precision import no_autocast, widened


def sinkhorn(
    scores: Tensor, epsilon: float, iterations: int, counted: Tensor | None = None
) -> Tensor:
    """Codes [N, K] of `scores` [N, K]: soft assignments, balanced over the prototypes.

    Equation 3 and section 3.1 of the paper: exp(scores / epsilon), scaled in turn so that every
    prototype receives 1 / K of the mass and every sample gives 1 / N, `iterations` times, then
    times N: rows sum to one. Scores are cosines. `counted`, bool [N]: the other samples do not
    count towards a prototype's mass, and their own rows are meaningless. In float32 or better.
    """
    with no_autocast(scores):
        wide = widened(scores)
        # Cosines differ by 2 at most; below this epsilon float32 may underflow.
        exact = wide if epsilon >= 0.03 else wide.double()
        kernel = ((exact - exact.max()) / epsilon).exp()  # [N, K], the only exponentials
        weights = torch.ones_like(kernel[:, :1]) if counted is None else counted[:, None].to(kernel)
        rows = per_sample = weights  # [N, 1]
        columns = torch.ones_like(kernel[:1])  # [1, K]
        for _ in range(iterations):
            columns = 1 / (rows.T @ kernel)
            per_sample = 1 / (kernel @ columns.T)
            rows = per_sample * weights
        return (per_sample * kernel * columns).to(wide)


def swapped_prediction(scores: Tensor, codes: Tensor, temperature: float) -> Tensor:
    """Cross entropy of `codes` [A, B, K] with what other views' `scores` [V, B, K] predict.

    The codes are those of the first A of the V views. Equations 1 and 2 of the paper, as a mean
    over images and over the A (V - 1) swaps (a, v != a) of - sum_k codes_a log softmax(scores_v /
    temperature). For A = 2 it is the multi-crop loss of section 3.2. In float32 or better.
    Raises ValueError for fewer than two views or more codes than views.
    """
    assigned, views = len(codes), len(scores)
    if views < 2 or not 1 <= assigned <= views:
        raise ValueError(f"need two views or more and no more codes, got {views} and {assigned}")
    with no_autocast(scores):
        log_p = (widened(scores) / temperature).log_softmax(dim=-1)  # [V, B, K]
        # All other views of a code summed by linearity.
        others = log_p.sum(dim=0, keepdim=True) - log_p[:assigned]  # [A, B, K]
        return -(widened(codes) * others).sum(dim=-1).mean() / (views - 1)
