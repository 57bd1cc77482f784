"""`python -m tests.maths.measures`: metrics of the state and of masks against direct computations.

torchmetrics takes part where it is installed (the extra `reference` brings it).
"""

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
import torch

from datayield.maths.confusion import confusion, mean_iou
from datayield.maths.invariance import LIDAR_DELTA, LIDAR_EPS, alignment, lidar, uniformity
from datayield.maths.spectrum import RANKME_EPS, centred_spectrum, decay, effective_rank, rankme
from tests.agreement.__main__ import table
from tests.maths import naive_state as naive
from tests.maths.test_state import features, views_of

CLASSES, IGNORED = 11, 255


class Row(NamedTuple):
    """A metric, our value, another's and whose that is."""

    metric: str
    ours: float
    other: float
    oracle: str

    @property
    def apart(self) -> float:
        return abs(self.ours - self.other) / max(1.0, abs(self.other))


def rows() -> Iterator[Row]:
    x, views = features(400, 64), views_of()
    tensor = torch.from_numpy(x)
    loops = "loops"
    yield Row("effective rank", effective_rank(tensor), naive.effective_rank(x), loops)
    yield Row("RankMe", rankme(tensor), naive.rankme(x, RANKME_EPS), loops)
    fall = decay(centred_spectrum(tensor))
    assert fall is not None
    alpha, r2 = naive.alpha(x, fall.first, fall.last)
    yield Row("alpha-ReQ", fall.alpha, alpha, loops)
    yield Row("R2 of alpha-ReQ", fall.r2, r2, loops)
    ours = lidar(torch.from_numpy(views))
    yield Row("LiDAR", ours, naive.lidar(views, LIDAR_DELTA, LIDAR_EPS), loops)
    a, b = views[:, 0], views[:, 1]
    pair = torch.from_numpy(a), torch.from_numpy(b)
    yield Row("alignment", alignment(*pair), naive.alignment(a, b), loops)
    yield Row("uniformity", uniformity(pair[0]), naive.uniformity(a), loops)
    pred, truth = masks()
    ours = _miou(pred, truth)
    yield Row("mIoU", ours, naive_miou(pred.numpy(), truth.numpy()), loops)
    if find_spec("torchmetrics"):
        yield Row("mIoU", ours, torchmetrics_miou(pred, truth), "torchmetrics")


def masks() -> tuple[torch.Tensor, torch.Tensor]:
    """Predictions and truth [20, 48, 64], a tenth of the pixels ignored, classes uneven."""
    noise = torch.Generator().manual_seed(0)
    shape = (20, 48, 64)
    uneven = torch.rand(shape, generator=noise).square().mul(CLASSES).long()
    right = torch.rand(shape, generator=noise) < 0.7
    pred = torch.where(right, uneven, torch.randint(CLASSES, shape, generator=noise))
    truth = torch.where(torch.rand(shape, generator=noise) < 0.1, IGNORED, uneven)
    return pred, truth


def _miou(pred: torch.Tensor, truth: torch.Tensor) -> float:
    kept = torch.where(truth == IGNORED, -1, truth)
    counts = confusion(pred.flatten(1), kept.flatten(1), CLASSES)
    return float(mean_iou(counts.sum(0)))


def naive_miou(pred: np.ndarray, truth: np.ndarray) -> float:
    """Class by class over all pixels of all images."""
    kept = truth != IGNORED
    ious = []
    for c in range(CLASSES):
        both = np.sum((pred == c) & (truth == c) & kept)
        either = np.sum(((pred == c) | (truth == c)) & kept)
        ious.append(both / either)
    return float(np.mean(ious))


def torchmetrics_miou(pred: torch.Tensor, truth: torch.Tensor) -> float:
    from torchmetrics.classification import MulticlassJaccardIndex

    index = MulticlassJaccardIndex(CLASSES, average="macro", ignore_index=IGNORED)
    return float(index(pred, truth))


def main() -> None:
    lines = [
        [r.metric, f"{r.ours:.6g}", f"{r.other:.6g}", r.oracle, f"{r.apart:.0e}"] for r in rows()
    ]
    sys.stdout.write(table(["Metric", "ours", "other", "whose", "apart"], lines) + "\n")


if __name__ == "__main__":
    main()
