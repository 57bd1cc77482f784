"""Against torchvision's `v2.functional.gaussian_blur`: 2e-6 in float32, 1e-12 in float64.

torchvision convolves with the outer product of the two filters, we filter rows and columns in
turn; the sums are rounded in another order, and nothing else differs.
"""

import pytest
import torch
from torchvision.transforms.v2 import functional as F

from datayield.augment.blur import gaussian_blur, kernel_size

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
