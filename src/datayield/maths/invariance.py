"""How invariant features are to augmentation, and how well they separate images. In float64."""

import torch
from torch import Tensor
from torch.nn import functional as F

from datayield.maths.spectrum import entropy_rank

LIDAR_DELTA, LIDAR_EPS = 1e-4, 1e-8


def lidar(views: Tensor, delta: float = LIDAR_DELTA, eps: float = LIDAR_EPS) -> float:
    """LiDAR of features `views` [n, q, d] of q views of n images: images are the classes.

    Thilak et al. 2023, arXiv 2312.04000, section 4, with the delta and eps of their code: with
    l the eigenvalues of Sw^-1/2 Sb Sw^-1/2, the exponential of the entropy of (l + eps) / sum.
    Sb, the scatter of the images' means, is divided by n - 1; Sw, that of views about their mean,
    by n (q - 1), with delta added to its diagonal, so the scale of the features plays a part.
    At most min(n - 1, d). 0 if no eigenvalue exceeds eps: eps alone would give a rank of d.
    Raises ValueError for fewer than two images or views, or features that are not finite.
    """
    n, q, d = views.shape
    if n < 2 or q < 2:
        raise ValueError(f"LiDAR needs two images and two views of each, got {n} and {q}")
    if not bool(views.isfinite().all()):
        raise ValueError("features that are not finite have no LiDAR")
    x = views.detach().double()
    means = x.mean(dim=1)
    around = (x - means[:, None]).flatten(0, 1)
    within = around.T @ around / (n * (q - 1)) + delta * torch.eye(d, dtype=x.dtype).to(x.device)
    factor = torch.linalg.cholesky(within)
    spread = means - means.mean(dim=0)  # [n, d]
    white = torch.linalg.solve_triangular(factor, spread.T, upper=False)  # [d, n]
    eigenvalues = torch.linalg.eigvalsh(white @ white.T / (n - 1)).clamp(min=0)
    if not bool(eigenvalues.max() > eps):
        return 0.0
    return entropy_rank(eigenvalues + eps)


def alignment(x: Tensor, y: Tensor) -> float:
    """Mean squared distance of paired rows of `x` and `y` [n, d] on the unit sphere; 0 to 4.

    Wang and Isola 2020, arXiv 2005.10242, section 4.1, alpha = 2. Lower: more alike.
    """
    x, y = (F.normalize(part.detach().double(), dim=1) for part in (x, y))
    return float((x - y).square().sum(dim=1).mean())


def uniformity(x: Tensor) -> float:
    """ln of the mean over pairs of rows of `x` [n, d], on the unit sphere, of exp(-2 distance^2).

    Wang and Isola 2020, arXiv 2005.10242, section 4.1, t = 2, each pair of different rows once.
    From about -4 (evenly spread) to 0 (a point). All n (n - 1) / 2 pairs are held at once. Raises
    ValueError for fewer than two rows.
    """
    if len(x) < 2:
        raise ValueError("uniformity needs two rows")
    x = F.normalize(x.detach().double(), dim=1)
    squares = F.pdist(x).square()
    return float((-2 * squares).exp().mean().log())
