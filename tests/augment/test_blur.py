"""Against torchvision's `v2.functional.gaussian_blur`: 2e-6 in float32, 1e-12 in float64.

torchvision convolves with the outer product of the two filters, we filter rows and columns in
turn; the sums are rounded in another order, and nothing else differs.
"""

import numpy as np
import PIL.Image
import PIL.ImageFilter
import pytest
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as F

from datayield.augment.blur import gaussian_blur, kernel_size, taps_of

SIGMAS = (0.1, 0.3, 1.0, 2.0, 10.0)


@pytest.mark.parametrize(
    ("shape", "taps"), [((32, 32), 3), ((33, 21), 5), ((64, 64), 7), ((12, 12), 23)], ids=str
)
@pytest.mark.parametrize(
    ("kind", "tolerance"), [(torch.float32, 2e-6), (torch.float64, 1e-12)], ids=str
)
def test_agrees_with_torchvision(
    shape: tuple[int, int], taps: int, kind: torch.dtype, tolerance: float
) -> None:
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(len(SIGMAS), 3, *shape, dtype=kind, generator=generator)
    want = torch.stack(
        [F.gaussian_blur(x, [taps, taps], [s, s]) for x, s in zip(images, SIGMAS, strict=True)]
    )
    got = gaussian_blur(images, torch.tensor(SIGMAS, dtype=kind), taps)
    torch.testing.assert_close(got, want, rtol=0, atol=tolerance)


def test_a_flat_image_stays_flat_and_a_wider_blur_is_smoother() -> None:
    flat = torch.full((2, 3, 16, 16), 0.3)
    torch.testing.assert_close(gaussian_blur(flat, torch.tensor([0.5, 3.0]), 5), flat)
    noise = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    spread = gaussian_blur(noise.expand(3, -1, -1, -1), torch.tensor([0.1, 0.5, 2.0]), 5)
    narrow, middle, wide = spread.std((1, 2, 3)).tolist()
    assert narrow > middle > wide


def test_kernel_size_is_the_odd_number_nearest_to_a_tenth() -> None:
    sides = (8, 28, 32, 48, 64, 96, 128, 224)
    assert [kernel_size(side) for side in sides] == [3, 3, 3, 5, 7, 9, 13, 23]


def effective_sigma(side: int, sigma: float, taps: int) -> float:
    """The spread of one blurred bright column, in pixels."""
    line = torch.zeros(1, 3, side, side, dtype=torch.float64)
    line[..., side // 2] = 1
    blurred = gaussian_blur(line, torch.tensor([sigma], dtype=torch.float64), taps)[0, 0, 0]
    pixel = torch.arange(side, dtype=torch.float64) - side // 2
    return float((blurred * pixel.square()).sum().sqrt())


@pytest.mark.parametrize(
    ("side", "tenth"), [(32, (0.740, 0.785, 0.799)), (64, (0.998, 1.408, 1.641)), (128, None)]
)
def test_auto_keeps_the_sigma_that_a_tenth_of_a_small_side_cuts(
    side: int, tenth: tuple[float, ...] | None
) -> None:
    """2 sigma of 3 taps is a box; 13 taps are 3 sigma of 2, 0.6% short. Equal from 128 px on."""
    for k, sigma in enumerate((1.0, 1.5, 2.0)):
        whole = effective_sigma(side, sigma, taps_of("auto", side, 2.0))
        assert whole == pytest.approx(sigma, rel=0.007)
        cut = effective_sigma(side, sigma, taps_of("tenth", side, 2.0))
        assert cut == pytest.approx(tenth[k] if tenth else sigma, abs=0.001 if tenth else 0.013)


def blurred_by_pil(pixels: Tensor, sigma: float) -> Tensor:
    """uint8 [3, S, S] by the filter of solo-learn and of the authors' Barlow Twins."""
    image = PIL.Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy())
    blurred = image.filter(PIL.ImageFilter.GaussianBlur(sigma))
    return torch.from_numpy(np.array(blurred)).permute(2, 0, 1).double()


@pytest.mark.parametrize("side", [32, 64, 128])
@pytest.mark.parametrize("sigma", [1.0, 1.5, 2.0])
def test_auto_is_pils_blur_away_from_the_edges(side: int, sigma: float) -> None:
    """In grey levels of 255, on noise over coarse shapes, 6 px from the edges.

    PIL approximates the Gaussian by three boxes in integers: 2.5 levels at most, 0.6 on average.
    At the edges it repeats the last pixel, where this reflects. A tenth of 32 px is 7 to 11 levels
    off on average at a sigma of 1.5 and 2.
    """
    generator = torch.Generator().manual_seed(side)
    coarse = torch.rand(3, side // 4, side // 4, generator=generator)
    noise = torch.rand(3, side, side, generator=generator)
    shapes = F.resize(coarse, [side, side], antialias=True)
    pixels = (255 * (0.7 * shapes + 0.3 * noise)).round().to(torch.uint8)
    inner = (slice(None), slice(6, -6), slice(6, -6))
    want = blurred_by_pil(pixels, sigma)[inner]

    def error(taps: int) -> Tensor:
        width = torch.tensor([sigma], dtype=torch.float64)
        return (gaussian_blur(pixels[None].double(), width, taps)[0][inner] - want).abs()

    auto = error(taps_of("auto", side, 2.0))
    assert auto.max() < 3
    assert auto.mean() < 0.7
    if side == 32 and sigma > 1:
        assert error(kernel_size(side)).mean() > 6


def test_rules_of_taps() -> None:
    """`simclr`: side // 10, then radius int(half of it), as in its data_util.py."""
    sides = (8, 18, 28, 32, 48, 60, 64, 96, 128, 224)
    assert [taps_of("simclr", side, 2.0) for side in sides] == [1, 1, 3, 3, 5, 7, 7, 9, 13, 23]
    assert [taps_of(None, side, 2.0) for side in sides] == [kernel_size(side) for side in sides]
    assert [taps_of("tenth", side, 2.0) for side in sides] == [kernel_size(side) for side in sides]
    assert [taps_of("auto", side, 2.0) for side in (8, 9, 12, 13, 32, 224)] == [
        7,
        9,
        11,
        13,
        13,
        13,
    ]
    assert [taps_of("auto", 224, widest) for widest in (0.1, 1.0, 1.1, 5.0)] == [3, 7, 9, 31]
    assert taps_of(7, 128, 2.0) == 7
