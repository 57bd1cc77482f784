"""The same figures from torch-fidelity 0.4.0, clean-fid 0.1.35 and vdna 0.1.1.

Of clean-fid only formulas are used, so a stand-in does for `requests`, by which it downloads.
"""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from types import ModuleType

import torch
from torch import Tensor

from tests.distances.cases import BINS, SIGMA

sys.modules.setdefault("requests", ModuleType("requests"))

from cleanfid import fid as clean  # noqa: E402
from torch_fidelity import metric_fid, metric_kid  # noqa: E402
from vdna.utils import stats  # noqa: E402

VERSIONS = {name: version(name) for name in ("torch-fidelity", "clean-fid", "vdna")}


@contextmanager
def _old_scipy() -> Iterator[None]:
    """They call SciPy's matrix root by an argument that is going away."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def fid_torch_fidelity(x: Tensor, y: Tensor) -> float:
    a, b = (metric_fid.fid_features_to_statistics(z) for z in (x, y))
    (value,) = metric_fid.fid_statistics_to_metric(a, b, verbose=False).values()
    return float(value)


def fid_clean_fid(x: Tensor, y: Tensor) -> float:
    a, b = (metric_fid.fid_features_to_statistics(z) for z in (x, y))
    with _old_scipy():
        return float(clean.frechet_distance(a["mu"], a["sigma"], b["mu"], b["sigma"]))


def fid_vdna(x: Tensor, y: Tensor) -> float:
    a, b = ((z.mean(dim=0), z.T.cov()) for z in (x, y))
    with _old_scipy():
        return float(stats.frechet_distance_multidim(*a, *b))


def kid_torch_fidelity(x: Tensor, y: Tensor, **kernel: object) -> float:
    """One subset of all samples, so that nothing is left to chance."""
    metrics = metric_kid.kid_features_to_metric(
        x, y, kid_subsets=1, kid_subset_size=len(x), verbose=False, **kernel
    )
    return float(metrics[metric_kid.KEY_METRIC_KID_MEAN])


def kid_clean_fid(x: Tensor, y: Tensor) -> float:
    """One subset of all samples."""
    return float(clean.kernel_distance(x.numpy(), y.numpy(), num_subsets=1))


def mmd_torch_fidelity(x: Tensor, y: Tensor) -> float:
    return kid_torch_fidelity(x, y, kid_kernel="rbf", kid_kernel_rbf_sigma=SIGMA)


def emd_vdna(x: Tensor, y: Tensor) -> float:
    """Activations scaled to [-1, 1] by their pooled range, as its ranges would."""
    pooled = torch.cat([x, y])
    low, high = pooled.amin(dim=0), pooled.amax(dim=0)
    counts = []
    for z in (x, y):
        scaled = 2 * (z - low) / (high - low) - 1
        if scaled.numel() * BINS < 2e6:  # its path for few values counts one on an edge twice
            rows = [channel.histc(BINS, min=-1, max=1) for channel in scaled.T.contiguous()]
            counts.append(torch.stack(rows))
        else:
            counts.append(stats.histogram_per_channel(scaled.T[None, :, :, None], BINS, [-1, 1]))
    return float(stats.earth_movers_distance(*counts).mean())
