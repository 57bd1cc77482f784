"""Features of augmented images: crops and flips alone, decided by (seed, epoch)."""

import numpy as np
import torch

from datayield.evals.features import PixelEncoder, extract_views, pixel_features
from datayield.evals.linear_sgd import probe_view

CPU = torch.device("cpu")


def seen(images: np.ndarray, seed: int = 0, epoch: int = 0) -> torch.Tensor:
    return extract_views(PixelEncoder(), images, probe_view(16), seed, CPU, 512, epoch)[:, 0]


def test_epochs_differ_and_come_again() -> None:
    images = np.random.default_rng(0).integers(0, 256, (1100, 16, 16, 3), dtype=np.uint8)
    one = seen(images, epoch=3)
    assert torch.equal(one, seen(images, epoch=3))
    assert not torch.equal(one, seen(images, epoch=4))
    assert not torch.equal(one, seen(images, seed=1, epoch=3))


def test_a_flat_image_shows_that_colours_stay() -> None:
    """Crops and flips of one colour are that colour: features are those of the plain image."""
    colours = np.random.default_rng(1).integers(0, 256, (600, 1, 1, 3), dtype=np.uint8)
    flat = np.broadcast_to(colours, (600, 16, 16, 3))
    torch.testing.assert_close(seen(flat), pixel_features(flat), rtol=0, atol=1e-5)


def test_half_are_flipped_and_crops_vary() -> None:
    """Left black, right white: which half of the view is brighter tells a flip."""
    halves = np.zeros((1000, 16, 16, 3), np.uint8)
    halves[:, :, 8:] = 255
    views = seen(halves).view(1000, 3, 16, 16)
    left, right = views[..., :8].mean(dim=(1, 2, 3)), views[..., 8:].mean(dim=(1, 2, 3))
    told = (left - right).abs() > 1e-3
    assert 0.43 < float((left > right)[told].double().mean()) < 0.57
    assert float(views.mean(dim=(1, 2, 3)).std()) > 0.1
