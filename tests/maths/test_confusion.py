"""Confusion matrices and mIoU against loops over pixels."""

import math

import numpy as np
import pytest
import torch

from datayield.maths.confusion import (
    class_iou,
    confusion,
    intervals,
    mean_iou,
    mean_iou_per_image,
    pixel_accuracy,
)


def _drawn() -> tuple[torch.Tensor, torch.Tensor]:
    noise = torch.Generator().manual_seed(0)
    pred = torch.randint(0, 4, (6, 50), generator=noise)
    truth = torch.randint(-1, 4, (6, 50), generator=noise)
    truth[truth == 3] = -1  # a class that is only predicted
    return pred, truth


def test_counts_and_scores_are_those_of_a_loop() -> None:
    pred, truth = _drawn()
    counts = confusion(pred, truth, 5)  # class 4 is nowhere
    whole = counts.sum(0)
    kept = [(t, p) for t, p in zip(truth.flatten().tolist(), pred.flatten().tolist(), strict=True)]
    kept = [(t, p) for t, p in kept if t >= 0]
    assert float(pixel_accuracy(whole)) == sum(t == p for t, p in kept) / len(kept)
    ious = []
    for c in range(5):
        both = sum(t == c and p == c for t, p in kept)
        union = sum(t == c or p == c for t, p in kept)
        ious.append(both / union if union else math.nan)
    assert class_iou(whole).tolist() == pytest.approx(ious, nan_ok=True)
    assert ious[3] == 0
    assert math.isnan(ious[4])
    assert float(mean_iou(whole)) == pytest.approx(np.nanmean(ious))
    for i in range(len(pred)):
        assert torch.equal(counts[i], confusion(pred[i : i + 1], truth[i : i + 1], 5)[0])


def test_the_interval_is_over_images() -> None:
    """Images all alike leave no doubt; images right or wrong as a whole leave much."""
    right, wrong = torch.tensor([[50, 0], [0, 50]]), torch.tensor([[0, 50], [50, 0]])
    rng = np.random.default_rng(0)
    draws = torch.from_numpy(rng.multinomial(10, np.full(10, 0.1), size=500))
    alike, _ = intervals(torch.stack([right] * 10), draws)
    assert tuple(alike) == (1.0, 1.0)
    mixed, miou = intervals(torch.stack([right] * 5 + [wrong] * 5), draws)
    assert mixed.low < 0.35
    assert mixed.high > 0.65
    assert miou.low < float(mean_iou(5 * right + 5 * wrong)) < miou.high


def test_the_mean_over_images_is_another_number_than_that_of_all_pixels() -> None:
    """All background, and right, counts as 1; a small object missed as 1/2."""
    truth = torch.tensor([[0] * 8, [0] * 7 + [1], [0, 0, 0, 0, 1, 1, 1, 1], [-1] * 8])
    pred = torch.tensor([[0] * 8, [0] * 8, [0, 0, 0, 0, 0, 1, 1, 1], [0] * 8])
    counts = confusion(pred, truth, 2)
    each = [1.0, (7 / 8 + 0) / 2, (4 / 5 + 3 / 4) / 2]  # the last image has no labelled pixel
    assert float(mean_iou_per_image(counts)) == pytest.approx(sum(each) / 3)
    assert float(mean_iou(counts.sum(0))) == pytest.approx((19 / 21 + 3 / 5) / 2)
