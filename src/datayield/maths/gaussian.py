"""LeJEPA's losses: embeddings that agree between views and are spread as a standard Gaussian.

Balestriero and LeCun 2025 (arXiv 2511.08544). Letters: V views, B images, D dimensions, M
directions, K knots. Both take z [V, B, D] and are computed in float32 or better.
"""

import torch
from torch import Tensor

from datayield.maths.precision import no_autocast, widened

KNOTS, LAST_KNOT = 17, 3.0  # the authors' grid


def prediction(z: Tensor, large: int | None = None) -> Tensor:
    """Mean over V, B and D of (z_v - mean of z over the first `large` views)^2, as a scalar.

    `large` is V by default: with small crops only the large views determine the mean.
    Raises ValueError for fewer than two views, or `large` outside [1, V].
    """
    large = len(z) if large is None else large
    if len(z) < 2 or not 1 <= large <= len(z):
        raise ValueError(f"need two views or more, 1 to V of them large, got {len(z)} and {large}")
    with no_autocast(z):
        z = widened(z)
        return (z - z[:large].mean(dim=0)).square().mean()


def sigreg(z: Tensor, directions: Tensor) -> Tensor:
    """Sketched isotropic Gaussian regularisation: distance of each view of `z` from N(0, I).

    `directions` [D, M] are unit columns. The B values z_v a of a view v along a direction a have
    the empirical characteristic function phi(t) = mean of exp(i t z_v a), a standard Gaussian has
    exp(-t^2 / 2). The statistic of Epps and Pulley (1983, Biometrika 70:723) is
    B * integral of |phi(t) - exp(-t^2 / 2)|^2 exp(-t^2 / 2) dt, here over [-3, 3] by the trapezoid
    rule on 17 knots in [0, 3], doubled because the integrand is even. Returns its mean over
    directions and views, a scalar of about one for Gaussian samples at any B, which grows with B
    for any other distribution. Time is linear in B, D and M. Raises ValueError if D differs.
    """
    if directions.shape[0] != z.shape[-1]:
        raise ValueError(f"directions of {directions.shape[0]} dimensions for {z.shape[-1]}")
    with no_autocast(z):
        z = widened(z)
        knots = torch.linspace(0, LAST_KNOT, KNOTS, dtype=z.dtype, device=z.device)  # [K]
        gaussian = (-knots.square() / 2).exp()
        weights = torch.full_like(knots, 2 * LAST_KNOT / (KNOTS - 1))
        weights[0] /= 2
        weights[-1] /= 2
        angles = (z @ directions.to(z.dtype)).unsqueeze(-1) * knots  # [V, B, M, K]
        real, imaginary = angles.cos().mean(dim=1), angles.sin().mean(dim=1)  # [V, M, K]
        apart = (real - gaussian).square() + imaginary.square()
        return z.shape[1] * (apart * (gaussian * weights)).sum(dim=-1).mean()
