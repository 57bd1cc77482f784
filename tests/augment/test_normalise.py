import torch
from torchvision.transforms.v2 import functional as F

from datayield.augment.normalise import MEAN, STD, normalise, normalise_planes


def test_agrees_with_torchvision_in_any_layout() -> None:
    """To 1e-6: one product and one sum here, a division more there."""
    generator = torch.Generator().manual_seed(0)
    stored = torch.randint(0, 256, (4, 6, 5, 3), dtype=torch.uint8, generator=generator)
    images = stored.permute(0, 3, 1, 2)
    before = stored.clone()
    want = F.normalize(images.contiguous() / 255, list(MEAN), list(STD))
    for got in (
        normalise(images),
        normalise(images.contiguous()),
        normalise_planes(images.contiguous() / 255),
    ):
        torch.testing.assert_close(got, want, rtol=0, atol=1e-6)
        assert got.dtype == torch.float32
        assert got.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(stored, before)


def test_constants_are_those_of_imagenet() -> None:
    assert (MEAN, STD) == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
