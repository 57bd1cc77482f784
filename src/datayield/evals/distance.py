"""Distances between two samples of images, by features and by activations.

Each sample is split into the same number of random groups. They give the interval (leaving one of
each out at a time) and the null: the same distance for two samples that are each half of one and
half of the other, which a real difference must exceed.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from datayield.evals.domain_classifier import domain_auc
from datayield.evals.result import LEVEL, check
from datayield.maths.frechet import (
    POOR,
    enough_to_extrapolate,
    extrapolated,
    frechet,
    moments,
    shrunk_moments,
)
from datayield.maths.histograms import earth_movers
from datayield.maths.jackknife import Groups, jackknife
from datayield.maths.mmd import cubic, gaussian, kernel_sums, median_distance, over_subsets
from datayield.spec.errors import ConfigError, DataError
from datayield.store.distances import MetricRecord

GROUPS = 12  # halves, thirds and quarters of a sample are whole groups
LEAST = 5 * GROUPS  # images, at least, in a group
SPLITS = 20  # splits of the null; exceeding all of them means p = 1 / 21
SUBSETS, SUBSET = 20, 1_000  # of KID's spread
CMMD_SIGMA, CMMD_SCALE = 10.0, 1_000.0

FeatureKind = Literal["clip", "other"]
Measurement = Callable[..., MetricRecord]  # of a name and a statistic
Statistic = Callable[[Groups, Groups], float]  # of groups of the pooled samples


class Sample(NamedTuple):
    """`features` [n, d] in random order; `counts`: stage -> histograms [GROUPS, C, bins]."""

    name: str
    features: Tensor
    counts: dict[str, Tensor]


def distances(
    a: Sample, b: Sample, kind: FeatureKind = "other", seed: int = 0
) -> tuple[MetricRecord, ...]:
    """All distances of two samples of equal size: a pure function of its arguments.

    `kind` is "clip" for CLIP image embeddings, for which CMMD is defined. Raises DataError for
    samples of unequal or too small size, ConfigError for two widths, TrainingError for NaNs.
    """
    _check(a, b)
    groups = [*_split(a.features), *_split(b.features)]
    measure = partial(_measure, seed=seed)
    size = min(SUBSET, len(a.features) // 2)
    spread = over_subsets(a.features.double(), b.features.double(), cubic, SUBSETS, size, seed)
    note = f"subsets of {size:,}: {spread.mean:.4g} +- {spread.std:.2g} (sd of {SUBSETS})"
    return (
        *_frechet(groups, measure),
        measure("kid", kernel_sums(groups, cubic).unbiased, unbiased=True, note=note),
        _gaussian_mmd(groups, kind, measure),
        _visual_dna(a, b, measure),
        _domain(groups, measure),
    )


def _frechet(groups: Sequence[Tensor], measure: Measurement) -> tuple[MetricRecord, ...]:
    """FID without its bias, plain FID, and FID with shrunk covariances for small samples."""
    n, d = sum(map(len, groups)) // 2, groups[0].shape[1]

    def pick(chosen: Groups) -> list[Tensor]:
        return [groups[k] for k in chosen]

    def at_infinity(i: Groups, j: Groups) -> float:
        return extrapolated(pick(i), pick(j)).at_infinity

    def plain(i: Groups, j: Groups) -> float:
        return frechet(moments(_all(pick(i))), moments(_all(pick(j))))

    def shrunk(i: Groups, j: Groups) -> float:
        return frechet(shrunk_moments(_all(pick(i))), shrunk_moments(_all(pick(j))))

    needed = enough_to_extrapolate(d)
    if n >= needed:
        first = measure("fid_inf", at_infinity, unbiased=True, halves=n >= 2 * needed)
    else:
        note = f"needs {needed:,} images of each at a width of {d}; here {n:,}"
        first = _without_value("fid_inf", note)
    if n >= POOR * d:
        return first, measure("fid", plain, unbiased=False)
    poor = f"biased upward, especially below {POOR * d:,} images ({POOR} for each of {d} features)"
    named = "covariances with Ledoit-Wolf shrinkage: not comparable with other FDs"
    return (
        first,
        measure("fid", plain, unbiased=False, note=poor),
        measure("fid_shrunk", shrunk, unbiased=False, note=named),
    )


def _measure(
    metric: str,
    statistic: Statistic,
    *,
    seed: int,
    unbiased: bool,
    note: str = "",
    halves: bool = True,
) -> MetricRecord:
    a, b = list(range(GROUPS)), list(range(GROUPS, 2 * GROUPS))
    null = [statistic(i, j) for i, j in _mixed(seed)]
    middle = GROUPS // 2
    of_halves = tuple(statistic(k[:middle], k[middle:]) if halves else None for k in (a, b))
    interval = jackknife(statistic, a, b, LEVEL)
    return MetricRecord(
        metric=metric,
        value=statistic(a, b),
        interval=interval,
        null=(min(null), max(null)),
        halves=(of_halves[0], of_halves[1]),
        unbiased=unbiased,
        note=note,
    )


def _without_value(metric: str, note: str) -> MetricRecord:
    """A distance without a value, and why."""
    return MetricRecord(
        metric=metric,
        value=None,
        interval=None,
        null=None,
        halves=(None, None),
        unbiased=True,
        note=note,
    )


def _mixed(seed: int) -> list[tuple[list[int], list[int]]]:
    """Splits of the pooled groups into two halves, each with equally many of `a` and of `b`.

    Halves mixed unequally by chance would differ for that reason alone.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    splits = []
    for _ in range(SPLITS):
        orders = [rng.permutation(GROUPS) + start for start in (0, GROUPS)]
        first, second = (
            [int(k) for order in orders for k in order[half]]
            for half in (slice(GROUPS // 2), slice(GROUPS // 2, None))
        )
        order = rng.permutation(GROUPS)  # so that windows of groups are mixed too
        splits.append(([first[k] for k in order], [second[k] for k in order]))
    return splits


def _gaussian_mmd(
    groups: Sequence[Tensor], kind: FeatureKind, measure: Measurement
) -> MetricRecord:
    """CMMD (without its bias) of CLIP's embeddings; of others, sigma is their median distance."""
    if kind == "clip":
        unit = [torch.nn.functional.normalize(group.double(), dim=1) for group in groups]
        sums = kernel_sums(unit, gaussian(CMMD_SIGMA))
        scaled = sums._replace(sums=sums.sums * CMMD_SCALE)
        note = "sigma 10, times 1,000, on unit embeddings; unbiased, unlike the released code"
        return measure("cmmd", scaled.unbiased, unbiased=True, note=note)
    sigma = median_distance(_all(groups))
    if not sigma > 0:
        note = "most features are equal: they have no median distance"
        return _without_value("mmd_median", note)
    sums = kernel_sums(groups, gaussian(sigma))
    note = f"sigma {sigma:.4g}, the median distance of the pooled features"
    return measure("mmd_median", sums.unbiased, unbiased=True, note=note)


def _visual_dna(a: Sample, b: Sample, measure: Measurement) -> MetricRecord:
    """Mean over neurons of the earth mover's distance, as a fraction of the pooled range."""
    pooled = [torch.cat([a.counts[stage], b.counts[stage]]) for stage in a.counts]
    bins = pooled[0].shape[-1]

    def by_stage(i: Groups, j: Groups) -> list[Tensor]:
        return [earth_movers(h[list(i)].sum(0), h[list(j)].sum(0)) / bins for h in pooled]

    def share(i: Groups, j: Groups) -> float:
        return float(torch.cat(by_stage(i, j)).mean())

    whole = by_stage(range(GROUPS), range(GROUPS, 2 * GROUPS))
    in_bins = float(torch.cat(whole).mean()) * bins
    stages = ", ".join(
        f"{stage} {float(w.mean()):.3g}" for stage, w in zip(a.counts, whole, strict=True)
    )
    neurons = sum(len(w) for w in whole)
    note = f"{in_bins:.4g} of {bins} bins; mean of {neurons:,} neurons; by stage: {stages}"
    return measure("vdna", share, unbiased=False, note=note)


def _domain(groups: Sequence[Tensor], measure: Measurement) -> MetricRecord:
    """The domain classifier's AUC, with an interval clipped to the range of AUCs."""

    def statistic(i: Groups, j: Groups) -> float:
        return domain_auc([groups[k] for k in i], [groups[k] for k in j])

    note = "a linear classifier on held-out images; chance 0.5; grows with n"
    one = measure("domain_auc", statistic, unbiased=False, note=note)
    low, high = one.interval or (0.0, 1.0)
    return one.model_copy(update={"interval": (max(0.0, low), min(1.0, high))})


def _check(a: Sample, b: Sample) -> None:
    for sample in (a, b):
        if len(sample.features) < LEAST:
            raise DataError(
                "too few images to measure a distance",
                where=sample.name,
                got=len(sample.features),
                allowed=f"{LEAST} or more",
                hint=f"fid_inf needs more: two for each dimension of the features; give "
                f"--count {LEAST} or more, or another split",
            )
        check(sample.features, torch.zeros(len(sample.features), dtype=torch.long), sample.name)
    if a.features.shape[1] != b.features.shape[1]:
        raise ConfigError(
            "features of different widths cannot be compared",
            where=f"{a.name}, {b.name}",
            got=f"{a.features.shape[1]} and {b.features.shape[1]}",
            hint="compute both sets' features with the same encoder",
        )
    if len(a.features) != len(b.features):
        raise DataError(
            "samples of different sizes: distances would depend on the size",
            where=f"{a.name}, {b.name}",
            got=f"{len(a.features)} and {len(b.features)} images",
            hint="use the same number of images of each",
        )


def _split(x: Tensor) -> list[Tensor]:
    return list(x.double().tensor_split(GROUPS))


def _all(parts: Sequence[Tensor]) -> Tensor:
    return torch.cat(list(parts))
