"""state@1: the rank of a representation, and its invariance to augmented views."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from datayield.evals.result import EvalResult
from datayield.maths.invariance import alignment, lidar, uniformity
from datayield.maths.spectrum import centred_spectrum, decay, entropy_rank, feature_std, rankme
from datayield.spec.evaluation import EvalSpec

ITEMS = 10_000
ENOUGH = 5  # items per dimension below which the ranks mostly reflect the sample size


class Space(NamedTuple):
    """One representation of unaugmented images, and of random views of some of them."""

    items: Tensor  # [n, d]
    views: Tensor  # [m, q, d]


def representation_state(spec: EvalSpec, features: Space, projections: Space | None) -> EvalResult:
    """Metrics of the features and, as `projection_<metric>`, of the projector's output.

    On unaugmented images (at most 10,000, a random subset given by the seed): `effective_rank`
    (centred), `rankme` (not centred), `alpha_req` with the `alpha_req_r2` of its fit, and
    `feature_std`. On q views of each of m images: `lidar`, and of the first two views `alignment`
    and `uniformity` (mean of both). No labels. Encoder and projector run in evaluation mode.
    A metric that is undefined for the features is omitted, with a note.

    Ranks are bounded by n and by d: compare them at equal n, between encoders of equal width. They
    do not detect overfitting: `EvalSpec` says how to compare images seen in pretraining and unseen.
    """
    metrics, notes = _of(spec, features, "")
    if projections is not None:
        more, said = _of(spec, projections, "projection_")
        metrics, notes = metrics | more, notes + said
    else:
        notes.append("no projections: baselines, SimMIM and older checkpoints have no projector")
    n, q = features.views.shape[:2]
    notes.append(f"LiDAR of {n} images x {q} views, alignment and uniformity of the first two")
    return EvalResult(metrics, {}, 0, len(features.items), tuple(notes))


def _of(spec: EvalSpec, space: Space, prefix: str) -> tuple[dict[str, float], list[str]]:
    x, total = space.items, len(space.items)
    if total > ITEMS:
        rng = np.random.Generator(np.random.PCG64(spec.seed))
        x = x[torch.from_numpy(np.sort(rng.permutation(total)[:ITEMS]))]
    n, d = x.shape
    what = "projections" if prefix else "features"
    notes = [f"{what}: {n} of {total} test items, {d} dimensions"]
    if n < ENOUGH * d:
        notes.append(f"{what}: {n} items for {d} dimensions: the ranks are bounded by the sample")
    singular = centred_spectrum(x)
    pair = space.views[:, 0], space.views[:, 1]
    metrics = {
        "effective_rank": entropy_rank(singular),
        "rankme": rankme(x),
        "feature_std": feature_std(x),
        "lidar": lidar(space.views),
        "alignment": alignment(*pair),
        "uniformity": sum(map(uniformity, pair)) / 2,
        "n": float(n),
        "d": float(d),
    }
    if len(space.views) <= d:
        notes.append(f"{what}: LiDAR is bounded by {len(space.views)} images, {d} dimensions")
    fall = decay(singular)
    if fall is None:
        notes.append(f"{what}: {len(singular)} eigenvalues are too few for alpha-ReQ")
    else:
        metrics |= {"alpha_req": fall.alpha, "alpha_req_r2": fall.r2}
        notes.append(f"{what}: alpha-ReQ over k = {fall.first} to {fall.last}, weights 1/k")
    return {prefix + name: value for name, value in metrics.items()}, notes
