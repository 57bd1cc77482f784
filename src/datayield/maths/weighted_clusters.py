"""Rows that stand for all: the one nearest to the centre of each cluster of weighted k-means."""

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ITERATIONS = 50


class Representatives(NamedTuple):
    """`rows` [count], those of the heaviest clusters first, and how many each stands for."""

    rows: NDArray[np.int64]
    sizes: NDArray[np.int64]


def representatives(
    x: NDArray[np.float32], weights: NDArray[np.float64], count: int, seed: int
) -> Representatives:
    """`count` different rows of `x` [n, d], one of each of as many clusters; `weights` [n] > 0.

    Clusters and their centres are those of k-means with these weights (Zhdanov 2019, arXiv
    1901.05954), so that heavy rows draw centres towards themselves. A copy of a row that was taken
    is taken only where fewer than `count` rows differ, and stands for itself. Raises ValueError for
    more rows than there are.
    """
    if count > len(x):
        raise ValueError(f"{count} rows of {len(x)}")
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer different rows than clusters
        found = KMeans(count, n_init=1, max_iter=ITERATIONS, random_state=seed)
        cluster = found.fit(x, sample_weight=weights).labels_
    apart = np.square(x - found.cluster_centers_[cluster]).sum(axis=1)
    order = np.lexsort((apart, cluster))  # cluster by cluster, from the centre outwards
    numbers, first, sizes = np.unique(cluster[order], return_index=True, return_counts=True)
    heavy = np.argsort(-np.bincount(cluster, weights, count)[numbers], kind="stable")
    rows, sizes = order[first][heavy], sizes[heavy]
    if missing := count - len(rows):
        others = np.setdiff1d(np.argsort(-weights, kind="stable"), rows, assume_unique=True)
        rows = np.concatenate([rows, others[:missing]])
        sizes = np.concatenate([sizes, np.ones(missing, np.int64)])
    return Representatives(rows.astype(np.int64), sizes.astype(np.int64))
