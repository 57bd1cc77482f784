"""Against torchvision's `v2.functional` on floats in [0, 1], a factor per sample.

| operation                        | reference             | tolerance |
|----------------------------------|-----------------------|-----------|
| brightness, grey, solarize       | torchvision, float32  | 1e-6      |
| contrast, saturation             | torchvision, float32  | 1e-6      |
| hue                              | torchvision, float32  | 1e-5      |
| hue                              | colorsys, float64     | 1e-12     |
| all but hue                      | torchvision, float64  | 1e-12     |

Contrast takes the grey of the mean, torchvision the mean of the grey. Hue does without HSV's
saturation, whose division by the value costs torchvision digits in dark pixels.
"""

import colorsys
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as F

from datayield.augment.colour import brightness_, contrast_, grey, hue, saturation_, solarize

Op = Callable[[Tensor, Tensor], Tensor]
Reference = Callable[[Tensor, float], Tensor]

FACTORS = torch.tensor([0.0, 0.2, 0.6, 0.999, 1.0, 1.2, 1.8, 2.0])
SHIFTS = torch.tensor([-0.5, -0.2, -1 / 3, -1e-3, 0.0, 0.05, 1 / 6, 0.5])
BLENDS: dict[str, tuple[Op, Reference]] = {
    "brightness": (brightness_, F.adjust_brightness),
    "contrast": (contrast_, F.adjust_contrast),
    "saturation": (saturation_, F.adjust_saturation),
}


def pictures(kind: torch.dtype = torch.float32) -> Tensor:
    """Eight images: noise, dark, nearly grey, 8-bit levels with their ties, corners of the cube."""
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(8, 3, 9, 11, dtype=torch.float64, generator=generator)
    images[1] *= 1e-3
    images[2] = 0.5 + 1e-4 * images[2]
    images[3] = images[3].mul(3).round() / 3
    images[4] = images[4].round()
    images[5] = images[5, :1]
    images[6, 1] = images[6, 0]
    return images.to(kind)


@pytest.mark.parametrize("name", BLENDS)
@pytest.mark.parametrize(
    ("kind", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-12)], ids=str
)
def test_blends_agree_with_torchvision(name: str, kind: torch.dtype, tolerance: float) -> None:
    op, reference = BLENDS[name]
    images, factors = pictures(kind), FACTORS.to(kind)
    want = torch.stack([reference(x, float(f)) for x, f in zip(images, factors, strict=True)])
    torch.testing.assert_close(op(images.clone(), factors), want, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", BLENDS)
def test_blends_work_in_place_and_leave_a_factor_of_one_to_the_bit(name: str) -> None:
    op, _ = BLENDS[name]
    images, factors = pictures(), FACTORS.clone()
    factors[::2] = 1
    got = images.clone()
    assert op(got, factors).data_ptr() == got.data_ptr()
    assert torch.equal(got[::2], images[::2])
    assert not torch.equal(got[1::2], images[1::2])


def test_hue_agrees_with_torchvision() -> None:
    images = pictures()
    before = images.clone()
    want = torch.stack([F.adjust_hue(x, float(s)) for x, s in zip(images, SHIFTS, strict=True)])
    torch.testing.assert_close(hue(images, SHIFTS), want, rtol=0, atol=1e-5)
    assert torch.equal(images, before)


def test_hue_agrees_with_the_standard_library_in_float64() -> None:
    images, shifts = pictures(torch.float64), SHIFTS.double()
    got = hue(images, shifts).permute(0, 2, 3, 1)
    want = torch.empty_like(got)
    for i, shift in enumerate(shifts.tolist()):
        for y in range(want.shape[1]):
            for x in range(want.shape[2]):
                h, s, v = colorsys.rgb_to_hsv(*images[i, :, y, x].tolist())
                turned = colorsys.hsv_to_rgb((h + shift) % 1.0, s, v)
                want[i, y, x] = torch.tensor(turned, dtype=torch.float64)
    torch.testing.assert_close(got, want, rtol=0, atol=1e-12)


def test_hue_turns_red_to_green_to_blue_and_leaves_grey() -> None:
    red = torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1)
    third = torch.tensor([1 / 3])
    green = hue(red, third)
    torch.testing.assert_close(green.flatten(), torch.tensor([0.0, 1, 0]), rtol=0, atol=1e-6)
    torch.testing.assert_close(hue(green, third).flatten(), torch.tensor([0.0, 0, 1]))
    greys = torch.linspace(0, 1, 11).view(1, 1, 1, 11).expand(1, 3, 1, 11)
    assert torch.equal(hue(greys, torch.tensor([0.3])), greys)


def test_grey_agrees_with_torchvision() -> None:
    images = pictures()
    want = F.rgb_to_grayscale(images, num_output_channels=3)
    torch.testing.assert_close(grey(images), want, rtol=0, atol=1e-6)
    assert grey(images).shape == images.shape


def test_solarize_agrees_with_torchvision() -> None:
    images = pictures()
    images[0, 0, 0, :3] = torch.tensor([0.5, 0.49999997, 0.50000006])
    torch.testing.assert_close(solarize(images), F.solarize(images, 0.5), rtol=0, atol=0)
