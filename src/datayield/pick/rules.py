"""The rules by which images are chosen, on features; each returns rows in the order to take them.

All compare features as directions from the centre of the pool, in its main axes, as `data.select`
does (`maths.directions`).
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from datayield.data.source import Labels
from datayield.evals.classifier import Classifier, margins
from datayield.maths.directions import directions
from datayield.maths.farthest_point import farthest_point_order
from datayield.maths.nearest_in_turn import nearest_in_turn
from datayield.maths.weighted_clusters import representatives

PickPurpose = Literal["label", "collect"]
PickRule = Literal["clusters", "near_target", "margin", "diverse", "random"]
# The first rule of each purpose is its default.
RULES: dict[PickPurpose, tuple[PickRule, ...]] = {
    "label": ("clusters", "margin", "diverse", "random"),
    "collect": ("near_target", "diverse", "random"),
}
AXES = 64  # principal components of the features' directions that images are compared in
LEAST = 1e-3  # weight of an image of which the classifier is certain
BLOCK = 2048  # rows compared with all others at once
FeatureTable = NDArray[np.float32]


class OrderedRows(NamedTuple):
    """Rows [k] of the pool, the first to take first; `sizes`: images that each stands for."""

    rows: Labels
    sizes: Labels


def to_label(
    by: PickRule,
    pool: FeatureTable,
    labelled: FeatureTable,
    classifier: Classifier,
    count: int,
    seed: int,
) -> OrderedRows:
    """`count` images of `pool` [n, d] to label next, beside the `labelled` [m, d].

    `clusters`: of each of `count` k-means clusters of the pool, weighted by how unsure the
    classifier is (one minus its margin), the image nearest to the centre; `margin`: those of the
    smallest margins; `diverse`: the farthest from all that are labelled or taken.
    """
    if by == "random":
        return _single(_drawn(len(pool), count, seed))
    if by == "margin":
        unsure = margins(classifier.probabilities(pool))
        return _single(np.argsort(unsure, kind="stable")[:count])
    x, known = in_main_axes(pool, labelled)
    if by == "diverse":
        return _single(_farthest(x, known, count))
    doubt = 1 - margins(classifier.probabilities(pool))
    found = representatives(x, np.maximum(doubt, LEAST), count, seed)
    return OrderedRows(*found)


def to_collect(
    by: PickRule,
    pool: FeatureTable,
    owned: FeatureTable,
    targets: FeatureTable,
    count: int,
    seed: int,
) -> OrderedRows:
    """`count` images of `pool` [n, d] to add to those that the study has, `owned` [m, d].

    `near_target`: each of the task's training images, `targets` [t, d], in turn takes the nearest
    image of the pool; those of which the study has a nearer one already come last. Which is first
    depends on `seed`: those worst off first are odd ones, and bring less. `diverse`: the farthest
    from all that is owned or taken.
    """
    if by == "random":
        return _single(_drawn(len(pool), count, seed))
    x, own, wanted = in_main_axes(pool, owned, targets)
    if by == "diverse":
        return _single(_farthest(x, own, count))
    drawn = wanted[_drawn(len(wanted), len(wanted), seed)]
    had_already = nearest(drawn, x)[1] <= nearest(drawn, own)[1]
    turns = drawn[np.argsort(had_already, kind="stable")]
    return _single(nearest_in_turn(x, turns, count))


def in_main_axes(pool: FeatureTable, *others: FeatureTable) -> list[FeatureTable]:
    """Each set of features [., d] as directions [., k] from the centre of the pool."""
    along = directions(pool, AXES)
    return [along.of(pool), *map(along.of, others)]


def nearest(x: FeatureTable, to: FeatureTable) -> tuple[Labels, FeatureTable]:
    """Of each row of `x` [n, k]: the row of `to` [m, k] of the largest inner product, and that."""
    at, alike = np.empty(len(x), np.int64), np.empty(len(x), np.float32)
    for start in range(0, len(x), BLOCK):
        products = x[start : start + BLOCK] @ to.T
        at[start : start + BLOCK] = products.argmax(axis=1)
        alike[start : start + BLOCK] = products.max(axis=1)
    return at, alike


def _farthest(x: FeatureTable, known: FeatureTable, count: int) -> Labels:
    rows = np.concatenate([known, x])
    taken = np.arange(len(known), dtype=np.int64)
    return farthest_point_order(rows, len(known) + count, taken=taken)[len(known) :] - len(known)


def _drawn(total: int, count: int, seed: int) -> Labels:
    drawn: Labels = np.random.Generator(np.random.PCG64(seed)).permutation(total)[:count]
    return drawn.astype(np.int64)


def _single(rows: Labels) -> OrderedRows:
    return OrderedRows(rows.astype(np.int64), np.ones(len(rows), np.int64))
