"""Contrastive losses: an image's views are classified against all other views in the batch.

Letters: V views, B images, D dimensions, N = V B embeddings.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from datayield.maths.precision import no_autocast, widened


def nt_xent(z: Tensor, temperature: float) -> Tensor:
    """Normalised-temperature cross entropy of embeddings `z` [V, B, D], as a scalar.

    Two views: equation 1 of Chen et al. 2020 (arXiv 2002.05709), mean over all 2 B anchors.
    More views: the mean of the same term over all ordered pairs of views of one image; the sum in
    the denominator runs over everything but the anchor, the other positives included (equation 2
    of Khosla et al. 2020, arXiv 2004.11362, with one class per image). Computed in float32 or
    better. Raises ValueError for fewer than two views.
    """
    views, _, dim = z.shape
    if views < 2:
        raise ValueError(f"a contrastive loss needs two views or more, got {views}")
    with no_autocast(z):
        z = F.normalize(widened(z), dim=-1)
        # The positives of an anchor summed by linearity: V B D products instead of N x N masks.
        others = z.sum(dim=0, keepdim=True) - z  # [V, B, D]
        positive = (z * others).sum(dim=-1) / ((views - 1) * temperature)  # [V, B]
        flat = z.reshape(-1, dim)  # [N, D]
        similarity = (flat @ flat.T) / temperature  # [N, N]
        self_pairs = torch.eye(len(flat), dtype=torch.bool, device=z.device)
        everything = similarity.masked_fill(self_pairs, -torch.inf).logsumexp(dim=1)  # [N]
        return everything.mean() - positive.mean()


def info_nce(q: Tensor, k: Tensor, temperature: float) -> Tensor:
    """2 temperature x the cross entropy of finding, for query q_i of an image, its key k_j.

    `q`, `k` [V, B, D]: queries and keys of V views. Mean over images and ordered pairs of views
    i != j; the candidates are the B keys of view j. Algorithm 1 of Chen et al. 2021 (MoCo v3,
    arXiv 2104.02057), whose sum of the two directions is twice this for two views. Computed in
    float32 or better. Raises ValueError for fewer than two views.
    """
    views = len(q)
    if views < 2:
        raise ValueError(f"a contrastive loss needs two views or more, got {views}")
    with no_autocast(q):
        q, k = F.normalize(widened(q), dim=-1), F.normalize(widened(k), dim=-1)
        total = q.new_zeros(())
        for shift in range(1, views):  # query i against the keys of view i + shift
            logits = q @ k.roll(-shift, dims=0).mT / temperature  # [V, B, B]
            positive = logits.diagonal(dim1=1, dim2=2)
            total = total + (logits.logsumexp(dim=2) - positive).mean()
        return 2 * temperature * total / (views - 1)
