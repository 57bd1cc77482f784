"""Means and standard deviations of pixels in [0, 1], by which images are normalised."""

from typing import NamedTuple

Channels = tuple[float, float, float]  # red, green, blue


class PixelStatistics(NamedTuple):
    """Of all pixels of a dataset's training images."""

    mean: Channels
    std: Channels


# ImageNet's are timm's; the others those of solo-learn (9187ea3, solo/data/pretrain_dataloader.py).
# Its deviations of CIFAR are over all pixels of all images, as is usual.
PIXEL_STATISTICS: dict[str, PixelStatistics] = {
    "imagenet": PixelStatistics((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "half": PixelStatistics((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),  # of no dataset: pixels from -1 to 1
    "cifar10": PixelStatistics((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
    "cifar100": PixelStatistics((0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)),
    "stl10": PixelStatistics((0.4914, 0.4823, 0.4466), (0.247, 0.243, 0.261)),
}
