"""Multinomial logistic regression over a path of L2 strengths: the solver of the linear probe.

Minimised, for each strength s, over W [K, d] and b [K]:

    mean over items of the cross entropy of softmax(W x + b)  +  s / 2 * |W|^2

so a strength is comparable across numbers of items; the bias is not penalised. scikit-learn's
`LogisticRegression` has the same minimum at C = 1 / (n s), and at C = 2 / (n s) for two classes,
where it keeps one weight vector instead of two opposite ones.

The method is L-BFGS (Nocedal and Wright 2006, algorithm 7.4). Three things make it fast:

- Features are rotated to the axes of their covariance. There the curvature of class k along axis
  j is about mean(p_k (1 - p_k)) * variance_j + s, which serves as the initial inverse Hessian.
- Logits are linear in the weights, so a step along a direction needs no matrix product: its length
  is one Newton step along the line, from the exact second derivative, then backtracking.
- Strengths are solved from strong to weak, each starting from the extrapolated last two minima.
  On grids equally spaced in log s this takes 40 to 70% of the iterations that solving all
  strengths in parallel from zero takes (measured on synthetic features with 10 to 50 classes).
  If minima on most of the items are known, as after choosing on the rest, the small difference
  to them is extrapolated instead: a third fewer iterations again.
"""

from collections import deque
from typing import NamedTuple

import torch
from torch import Tensor

from datayield.evals.matmul import Products, products

MEMORY = 10  # pairs that L-BFGS keeps
TOLERANCE = 1e-6  # stop when the expected decrease is below this fraction of the objective
MAX_ITERATIONS = 1000


class LogisticFit(NamedTuple):
    """A minimum: `weight` [K, r + 1] in the basis, the bias last."""

    strength: float
    weight: Tensor
    objective: float
    iterations: int
    converged: bool


class Problem(NamedTuple):
    """What the strengths of one path have in common."""

    x: Products  # [n, r + 1]
    y: Tensor  # [n], 0 to K - 1, each present
    moments: Tensor  # [K, r + 1], sum of x over the items of each class
    variance: Tensor  # [r + 1]


def regularisation_path(
    x: Tensor,
    y: Tensor,
    variance: Tensor,
    strengths: tuple[float, ...],
    near: list[LogisticFit] | None = None,
) -> list[LogisticFit]:
    """Minima at `strengths` (decreasing, equally spaced in the logarithm).

    `x` [n, r + 1] as `basis` makes it, `y` [n] class numbers, each of 0 to K - 1 present;
    `variance` of the axes only speeds up the search, as does `near`, minima at the same strengths
    for most of the same items. Computed in the precision of `x`.
    """
    counts = y.bincount().to(x.dtype)
    moments = x.new_zeros(len(counts), x.shape[1]).index_add_(0, y, x)
    problem = Problem(products(x), y, moments, variance.to(x.dtype))
    if near is None:
        centre = torch.zeros_like(moments)
        centre[:, -1] = counts.div(len(y)).log()
        centre[:, -1] -= centre[:, -1].mean()  # the minimum at infinite strength
        centres = [centre] * len(strengths)
    else:
        centres = [fit.weight for fit in near]
    off: list[Tensor] = []  # of each minimum from its centre
    fits: list[LogisticFit] = []
    for strength, centre in zip(strengths, centres, strict=True):
        ahead = 2 * off[-1] - off[-2] if len(off) > 1 else sum(off, torch.zeros_like(centre))
        fits.append(minimise(problem, strength, centre + ahead))
        off.append(fits[-1].weight - centre)
    return fits


def minimise(problem: Problem, strength: float, start: Tensor) -> LogisticFit:
    """The minimum at one strength, searched from `start` [K, r + 1]."""
    x, y, moments, variance = problem
    penalty = torch.full_like(variance, strength)
    penalty[-1] = 0  # the bias is not penalised
    pairs: deque[tuple[Tensor, Tensor, Tensor]] = deque(maxlen=MEMORY)
    weight, logits = start, x.with_transpose(start)  # [K, n]
    p, spare = torch.empty_like(logits), torch.empty_like(logits)
    value = _cross_entropy(logits, y, p) + _ridge(weight, penalty)
    gradient = (x.with_matrix(p) - moments) / len(y) + penalty * weight
    rounding = torch.finfo(start.dtype).eps * (1 + value)  # the resolution of a loss near 0
    for iteration in range(MAX_ITERATIONS):
        spread = (p.mean(dim=1) - torch.mul(p, p, out=spare).mean(dim=1))[:, None]
        direction = _direction(gradient, 1 / (spread * variance + penalty + 1e-12), pairs)
        slope = float(_dot(gradient, direction))
        if -slope <= 2 * TOLERANCE * value:  # -slope / 2 estimates the remaining decrease
            return LogisticFit(strength, weight, value, iteration, True)
        along = x.with_transpose(direction)
        bend = _curvature(p, along, spare) + 2 * _ridge(direction, penalty)
        step = -slope / max(bend, 1e-30)
        while True:
            moved = weight + step * direction
            torch.add(logits, along, alpha=step, out=spare)
            reached = _cross_entropy(spare, y, p) + _ridge(moved, penalty)
            if reached <= value + 1e-4 * step * slope + rounding:  # Armijo
                break
            fitted = -slope * step**2 / (2 * (reached - value - step * slope))
            step = min(max(fitted, 0.1 * step), 0.5 * step)
            if not step > 1e-8:  # impossible for finite numbers
                return LogisticFit(strength, weight, value, iteration, False)
        logits, spare = spare, logits
        moved_gradient = (x.with_matrix(p) - moments) / len(y) + penalty * moved
        change, turn = moved - weight, moved_gradient - gradient
        pairs.append((change, turn, 1 / _dot(change, turn)))
        weight, gradient, value = moved, moved_gradient, reached
    return LogisticFit(strength, weight, value, MAX_ITERATIONS, False)


def _cross_entropy(logits: Tensor, y: Tensor, p: Tensor) -> float:
    """Mean cross entropy of `logits` [K, n]; their softmax over classes is left in `p`."""
    top = logits.amax(dim=0)
    torch.sub(logits, top, out=p).exp_()
    total = p.sum(dim=0)
    p /= total
    losses = total.log_() + top - logits.gather(0, y[None])[0]
    return float(losses.double().mean())


def _ridge(weight: Tensor, penalty: Tensor) -> float:
    return float((penalty * weight.square()).sum(dtype=torch.float64)) / 2


def _curvature(p: Tensor, along: Tensor, spare: Tensor) -> float:
    """Second derivative of the mean cross entropy along logits `along` [K, n]."""
    mean = torch.mul(p, along, out=spare).sum(dim=0)
    return float(spare.mul_(along).sum() - mean.square().sum()) / len(mean)


def _direction(
    gradient: Tensor, inverse: Tensor, pairs: deque[tuple[Tensor, Tensor, Tensor]]
) -> Tensor:
    """Minus the gradient times the L-BFGS inverse Hessian that starts from diagonal `inverse`.

    The mean over classes is subtracted: only the penalty depends on it, and is smallest at 0.
    """
    direction = -gradient
    shares: list[Tensor] = []
    for change, turn, rho in reversed(pairs):
        shares.append(rho * _dot(change, direction))
        direction = direction - shares[-1] * turn
    direction = direction * inverse
    direction = direction - direction.mean(dim=0)
    for (change, turn, rho), share in zip(pairs, reversed(shares), strict=True):
        direction = direction + (share - rho * _dot(turn, direction)) * change
    return direction


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return torch.dot(a.flatten(), b.flatten())
