"""Each image is encoded once, whichever evaluation asks, and gets the features it had before."""

from typing import Any

import numpy as np
import pytest
import torch

from datayield.evals.features import extract, pixel_features
from datayield.nets import encoder as encoders
from datayield.run.evaluation.once_each import OnceEach
from datayield.spec.run import EncoderSpec

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)


def test_only_new_pixels_are_encoded() -> None:
    seen: list[int] = []

    def encode(images: "np.ndarray[Any, Any]") -> torch.Tensor:
        seen.append(len(images))
        return pixel_features(images)

    once = OnceEach(encode)
    asked = [
        IMAGES[:20],
        IMAGES[:20][::-1],  # a view with negative strides, all known
        IMAGES[[30, 3, 30, 12]],  # one new, twice
        IMAGES[10:40],
        np.concatenate([IMAGES[35:], IMAGES[:5]]),
    ]
    for images in asked:
        torch.testing.assert_close(once(images), pixel_features(images), rtol=0, atol=0)
    assert seen == [20, 1, 19]


def test_size_is_part_of_what_an_image_is() -> None:
    seen: list[int] = []
    once = OnceEach(lambda images: seen.append(images.shape[1]) or pixel_features(images))
    for side in (8, 4, 8, 4):
        grey = np.zeros((3, side, side, 3), np.uint8)  # three equal images
        assert once(grey).shape == (3, 768)
    assert seen == [8, 4]


@pytest.mark.parametrize(
    "spec",
    [
        EncoderSpec(name="convnet", size=8, width=8),
        EncoderSpec(name="vit_tiny", size=8, patch=4),
    ],
)
def test_no_bit_depends_on_what_was_encoded_before(spec: EncoderSpec) -> None:
    net = encoders.build(spec, 0).to(memory_format=torch.channels_last)
    device = torch.device("cpu")
    once = OnceEach(lambda images: extract(net, images, device))
    first = once(IMAGES[:7])
    whole = extract(net, IMAGES, device)
    assert torch.equal(first, whole[:7])
    assert torch.equal(once(IMAGES[:8]), whole[:8])  # one new image, alone in its batch
    assert torch.equal(once(IMAGES), whole)
