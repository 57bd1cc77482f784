"""Features of augmented images: crops and flips alone, decided by (seed, epoch)."""

import numpy as np
import torch
from torch import nn

from datayield.evals.features import pixel_features
from datayield.evals.frozen import Frozen

IMAGES = np.random.default_rng(0).integers(0, 256, (1100, 16, 16, 3), dtype=np.uint8)
CPU = torch.device("cpu")


class Means(nn.Module):
    """[B, 3, S, S] -> [B, 3]; counts on its mode as a net with dropout would."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert not self.training
        return x.mean(dim=(2, 3))


def test_epochs_differ_and_come_again() -> None:
    net = Frozen(Means(), CPU)
    one, again, other = (net.augmented(IMAGES, 0, epoch) for epoch in (3, 3, 4))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert not torch.equal(one, net.augmented(IMAGES, 1, 3))
    assert one.shape == (1100, 3)
    assert net.encoder is not None
    assert net.encoder.training


def test_a_flat_image_shows_that_colours_stay() -> None:
    """Crops and flips of one colour are that colour: features are those of the plain image."""
    colours = np.random.default_rng(1).integers(0, 256, (600, 1, 1, 3), dtype=np.uint8)
    flat = np.broadcast_to(colours, (600, 16, 16, 3))
    for net in (Frozen(Means(), CPU), Frozen(None, CPU)):
        torch.testing.assert_close(net.augmented(flat, 0, 0), net.plain(flat), rtol=0, atol=1e-5)


def test_half_are_flipped_and_crops_vary() -> None:
    """Left black, right white: which half of the view is brighter tells a flip."""
    halves = np.zeros((1000, 16, 16, 3), np.uint8)
    halves[:, :, 8:] = 255
    seen = Frozen(None, CPU).augmented(halves, 0, 0).view(1000, 3, 16, 16)
    left, right = seen[..., :8].mean(dim=(1, 2, 3)), seen[..., 8:].mean(dim=(1, 2, 3))
    told = (left - right).abs() > 1e-3
    assert 0.43 < float((left > right)[told].double().mean()) < 0.57
    assert float(seen.mean(dim=(1, 2, 3)).std()) > 0.1


def test_pixels_stand_for_no_encoder() -> None:
    assert torch.equal(Frozen(None, CPU).plain(IMAGES), pixel_features(IMAGES))
