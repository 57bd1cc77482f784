"""Confusion matrices, and the scores that follow from them.

Letters: K classes; a matrix counts truth along rows and predictions along columns.
"""

import torch
from torch import Tensor

from datayield.maths.metrics import Interval


def confusion(pred: Tensor, truth: Tensor, classes: int) -> Tensor:
    """Counts int64 [B, K, K] for each of B items of class numbers [B, P]; truth < 0 is left out."""
    kept = truth >= 0
    item = torch.arange(len(truth), device=truth.device).view(-1, 1) * classes**2
    cells = (item + truth * classes + pred)[kept]
    return cells.bincount(minlength=len(truth) * classes**2).view(-1, classes, classes)


def pixel_accuracy(counts: Tensor) -> Tensor:
    """Fraction of correct pixels, from matrices [..., K, K] -> [...]."""
    counts = counts.double()
    return counts.diagonal(dim1=-2, dim2=-1).sum(-1) / counts.sum((-2, -1))


def class_iou(counts: Tensor) -> Tensor:
    """Intersection over union of each class, [..., K, K] -> [..., K]; NaN where the union is empty.

    TP / (TP + FP + FN): a class that is predicted but never present has an IoU of 0.
    """
    counts = counts.double()
    hits = counts.diagonal(dim1=-2, dim2=-1)
    return hits / (counts.sum(-1) + counts.sum(-2) - hits)


def mean_iou(counts: Tensor) -> Tensor:
    """Mean of `class_iou` over the classes with a non-empty union, [..., K, K] -> [...]."""
    return class_iou(counts).nanmean(-1)


def mean_iou_per_image(counts: Tensor) -> Tensor:
    """Mean over images of each one's `mean_iou`, [n, K, K] -> []; without a labelled pixel, none.

    What several codebases call mIoU. A class counts once in each image where it is present or
    predicted, however small it is there, so this is not the mIoU of all pixels.
    """
    return mean_iou(counts).nanmean()


def intervals(counts: Tensor, draws: Tensor, level: float = 0.95) -> tuple[Interval, Interval]:
    """Percentile bootstrap over images of `pixel_accuracy` and `mean_iou`.

    `counts` [n, K, K] of n images; `draws` [R, n]: how often each image is in a resample. Pixels of
    one image are not independent, so an interval over pixels would be far too narrow.
    """
    drawn = (draws.double() @ counts.flatten(1).double()).view(-1, *counts.shape[1:])
    tail = (1 - level) / 2
    both = torch.stack((pixel_accuracy(drawn), mean_iou(drawn)))
    low, high = both.quantile(tail, dim=1), both.quantile(1 - tail, dim=1)
    return Interval(float(low[0]), float(high[0])), Interval(float(low[1]), float(high[1]))
