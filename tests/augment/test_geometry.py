"""Against torchvision's `v2.functional.resized_crop`, antialiased, bilinear and bicubic.

| what                         | tolerance | why                                              |
|------------------------------|-----------|--------------------------------------------------|
| float64                      | 1e-12     | the same filter, weights computed in float64     |
| float32                      | 1e-5      | weights from positions up to 64 px, rounded once |
| uint8 against float x / 255  | 1e-6      | 1 / 255 is folded into the weights               |

There is no other difference in antialiasing: torchvision cuts the filter's support to whole pixels
before it renormalises, but the triangle and the cubic are 0 there. Its uint8 path differs by design
(it rounds to 8 bits after each of the two passes); of it only bicubic is compared, as PIL's.
"""

import numpy as np
import PIL.Image
import pytest
import torch
from scipy import stats
from torch import Tensor
from torchvision.transforms import InterpolationMode, v2
from torchvision.transforms.v2 import functional as F

from datayield.augment.geometry import TRIES, Interpolation, draw_windows, resized_crop

ROWS = 2 * TRIES + 2
HOWS: tuple[Interpolation, ...] = ("bilinear", "bicubic")
SHAPES = [(32, 32, 32), (48, 64, 32), (20, 28, 64), (33, 31, 17), (64, 64, 8)]


def uniform(batch: int, seed: int = 0) -> Tensor:
    return torch.rand(ROWS, batch, generator=torch.Generator().manual_seed(seed))


def windows(high: int, wide: int) -> list[Tensor]:
    """Drawn windows, then the whole image, single pixels in corners, a row and a column."""
    drawn = draw_windows(uniform(40), (high, wide), (0.02, 1.0), (0.5, 2.0))
    edges = [
        (0, 0, high, wide),
        (0, 0, 1, 1),
        (high - 1, wide - 1, 1, 1),
        (high - 1, 0, 1, wide),
        (0, wide - 1, high, 1),
        (1, 2, 2, 1),
    ]
    return [
        torch.cat([a, torch.tensor(b, dtype=a.dtype)])
        for a, b in zip(drawn, zip(*edges, strict=True), strict=True)
    ]


def reference(
    images: Tensor, cut: list[Tensor], flip: Tensor, size: int, how: Interpolation = "bilinear"
) -> Tensor:
    out = []
    for image, *window, mirrored in zip(images, *cut, flip, strict=True):
        place = [int(value) for value in window]
        crop = F.resized_crop(image, *place, [size, size], InterpolationMode(how), True)
        out.append(F.horizontal_flip(crop) if mirrored else crop)
    return torch.stack(out)


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(("high", "wide", "size"), SHAPES)
@pytest.mark.parametrize(
    ("kind", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)], ids=str
)
def test_agrees_with_torchvision(
    high: int, wide: int, size: int, kind: torch.dtype, tolerance: float, how: Interpolation
) -> None:
    cut = windows(high, wide)
    batch = len(cut[0])
    images = torch.rand(batch, 3, high, wide, dtype=kind, generator=torch.Generator())
    flip = torch.arange(batch) % 2 == 0
    got = resized_crop(images, *cut, flip, size, how)
    assert got.dtype == kind
    assert got.is_contiguous()
    want = reference(images, cut, flip, size, how)
    torch.testing.assert_close(got, want, rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    ("high", "wide", "window", "size"),
    [
        (64, 48, (3, 5, 40, 30), 32),
        (32, 32, (2, 3, 11, 9), 32),
        (96, 96, (0, 0, 96, 96), 32),
        (128, 128, (5, 9, 100, 110), 64),
    ],
    ids=str,
)
def test_bicubic_is_pils(high: int, wide: int, window: tuple[int, ...], size: int) -> None:
    """To 1.5 grey levels of 255, 0.5 on average: PIL rounds to 8 bits after each of two passes.

    On smooth pictures; where noise overshoots in the first pass, PIL cuts it off there too.
    """
    coarse = torch.rand(3, high // 4, wide // 4, generator=torch.Generator().manual_seed(4))
    pixels = (255 * F.resize(coarse, [high, wide], antialias=True)).round().to(torch.uint8)
    image = PIL.Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy())
    pil = F.resized_crop(image, *window, [size, size], InterpolationMode.BICUBIC)
    want = torch.from_numpy(np.array(pil)).permute(2, 0, 1).double()
    cut = [torch.tensor([float(value)]) for value in window]
    crop = {
        how: resized_crop(pixels[None], *cut, torch.tensor([0]), size, how)[0].clamp(0, 1) * 255
        for how in HOWS
    }
    error = (crop["bicubic"] - want).abs()
    assert error.max() < 1.5
    assert error.mean() < 0.5
    assert (crop["bilinear"] - want).abs().mean() > 2 * error.mean()


def test_uint8_is_read_as_a_share_of_255_in_any_layout() -> None:
    generator = torch.Generator().manual_seed(1)
    stored = torch.randint(0, 256, (46, 20, 28, 3), dtype=torch.uint8, generator=generator)
    images = stored.permute(0, 3, 1, 2)
    cut, flip = windows(20, 28), torch.zeros(46)
    got = resized_crop(images, *cut, flip, 16)
    want = resized_crop(images.float() / 255, *cut, flip, 16)
    torch.testing.assert_close(got, want, rtol=0, atol=1e-6)
    assert torch.equal(got, resized_crop(images.contiguous(), *cut, flip, 16))
    assert got.min() >= 0
    assert got.max() <= 1 + 1e-6


@pytest.mark.parametrize("how", HOWS)
def test_pixels_outside_the_window_do_not_enter(how: Interpolation) -> None:
    images = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(2))
    changed = torch.full_like(images, 1e6)
    changed[:, :, 3:8, 4:13] = images[:, :, 3:8, 4:13]
    cut = [torch.tensor([value]) for value in (3, 4, 5, 9)]
    flip = torch.tensor([True])
    inside, around = (resized_crop(x, *cut, flip, 8, how) for x in (images, changed))
    assert torch.equal(inside, around)


@pytest.mark.parametrize("how", HOWS)
def test_a_window_as_large_as_the_result_is_copied(how: Interpolation) -> None:
    images = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(3))
    cut = [torch.tensor([value]) for value in (5, 2, 8, 8)]
    crop = images[:, :, 5:13, 2:10]
    assert torch.equal(resized_crop(images, *cut, torch.tensor([0]), 8, how), crop)
    assert torch.equal(resized_crop(images, *cut, torch.tensor([1]), 8, how), crop.flip(3))


def test_windows_follow_the_distribution_of_torchvision() -> None:
    """Two-sample Kolmogorov-Smirnov on area, aspect and place, 4,000 draws each."""
    high, wide, n = 48, 40, 4000
    cut = draw_windows(uniform(n), (high, wide), (0.08, 1.0), (0.75, 4 / 3))
    ours = torch.stack(cut, 1).double().numpy()
    transform = v2.RandomResizedCrop(32, (0.08, 1.0), (0.75, 4 / 3))
    image = torch.empty(3, high, wide)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        drawn = [transform.make_params([image]) for _ in range(n)]
    theirs = np.array([[d["top"], d["left"], d["height"], d["width"]] for d in drawn])
    for name, of in {
        "area": lambda w: w[:, 2] * w[:, 3],
        "aspect": lambda w: w[:, 3] / w[:, 2],
        "top": lambda w: w[:, 0] / np.maximum(high - w[:, 2], 1),
        "left": lambda w: w[:, 1] / np.maximum(wide - w[:, 3], 1),
    }.items():
        assert stats.ks_2samp(of(ours), of(theirs)).pvalue > 0.01, name


def test_area_is_uniform_and_aspect_log_uniform_where_all_fits() -> None:
    top, left, height, width = draw_windows(uniform(4000, 1), (1000, 1000), (0.1, 0.5), (0.5, 2.0))
    area = (height * width / 1e6).numpy()
    aspect = torch.log2(width / height).numpy()
    assert stats.kstest(area, stats.uniform(0.1, 0.4).cdf).pvalue > 0.01
    assert stats.kstest(aspect, stats.uniform(-1, 2).cdf).pvalue > 0.01
    assert abs(np.corrcoef(area, aspect)[0, 1]) < 0.06
    assert abs(np.corrcoef(top, left)[0, 1]) < 0.06


@pytest.mark.parametrize("value", [0.0, 0.5, 1 - 2**-24], ids=["lowest", "middle", "highest"])
@pytest.mark.parametrize("image", [(8, 8), (31, 64), (1024, 1024)], ids=str)
def test_windows_stay_inside_at_the_ends_of_the_range(value: float, image: tuple[int, int]) -> None:
    rows = torch.full((ROWS, 4), value)
    top, left, height, width = draw_windows(rows, image, (0.08, 1.0), (0.75, 4 / 3))
    for start, length, side in ((top, height, image[0]), (left, width, image[1])):
        assert bool(((start >= 0) & (length >= 1) & (start + length <= side)).all())
        assert torch.equal(start, start.round())
        assert torch.equal(length, length.round())


def test_every_place_is_reached_equally_often() -> None:
    rows = uniform(8000, 2)
    top, _, height, _ = draw_windows(rows, (10, 10), (0.36, 0.36), (1.0, 1.0))
    assert bool((height == 6).all())
    counts = np.bincount(top.long().numpy(), minlength=5)
    assert len(counts) == 5
    assert stats.chisquare(counts).pvalue > 0.01


@pytest.mark.parametrize("image", [(10, 100), (100, 10), (7, 9)], ids=str)
def test_the_fallback_is_the_central_window(image: tuple[int, int]) -> None:
    """With area 1 of an image outside the aspects nothing fits, as in torchvision."""
    ratio = (1.0, 1.1) if image == (7, 9) else (0.75, 4 / 3)
    got = draw_windows(uniform(5), image, (1.0, 1.0), ratio)
    want = v2.RandomResizedCrop(8, (1.0, 1.0), ratio).make_params([torch.empty(3, *image)])
    for name, values in zip(("top", "left", "height", "width"), got, strict=True):
        assert values.tolist() == [want[name]] * 5, name


def test_the_first_candidate_that_fits_is_taken() -> None:
    """Area 1 fits a square only with aspect 1, which the third candidate has."""
    rows = torch.full((ROWS, 1), 0.9)
    rows[TRIES + 2] = 0.5
    rows[2 * TRIES :] = 0
    got = draw_windows(rows, (20, 20), (1.0, 1.0), (0.5, 2.0))
    assert [value.item() for value in got] == [0, 0, 20, 20]
    rows[:2] = 0.0  # areas stay 1: scale is a point, so an earlier misfit is still refused
    rows[TRIES] = 0.5
    smaller = draw_windows(rows, (20, 20), (0.25, 1.0), (0.5, 2.0))
    assert [value.item() for value in smaller] == [0, 0, 10, 10]
