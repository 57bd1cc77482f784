"""Extraction leaves the encoder as it was and gives each image its own features."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision.transforms.functional import center_crop

from datayield.augment.normalise import normalise
from datayield.augment.views import make_views
from datayield.evals.features import (
    PixelEncoder,
    central,
    extract,
    extract_views,
    pixel_features,
    project,
)
from datayield.spec.run.views import recipe

CPU = torch.device("cpu")


class Net(nn.Module):
    """Something of all that behaves otherwise in training: batch norm and dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, stride=2)
        self.norm = nn.BatchNorm2d(8)
        self.drop = nn.Dropout(0.5)
        self.seen: list[tuple[torch.Size, bool, bool]] = []

    def forward(self, x: Tensor) -> Tensor:
        last = x.is_contiguous(memory_format=torch.channels_last)
        self.seen.append((x.shape, last, torch.is_inference_mode_enabled()))
        return self.drop(self.norm(self.conv(x)).relu()).mean((2, 3))


def images(n: int, size: int = 12) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, size, size, 3), dtype=np.uint8)


def net() -> Net:
    torch.manual_seed(0)
    return Net()


def test_features_do_not_depend_on_the_batch():
    pixels = images(23)
    whole = extract(net(), pixels, CPU)
    assert whole.shape == (23, 8)
    assert whole.dtype == torch.float32
    for batch in (1, 7, 23, 64):
        torch.testing.assert_close(extract(net(), pixels, CPU, batch), whole, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(
        extract(net(), pixels[::-1], CPU).flip(0), whole, atol=1e-6, rtol=1e-5
    )


def test_modes_and_state_are_left_as_found():
    encoder = net().train()
    encoder.norm.eval()  # frozen on purpose by whoever owns it
    state = {name: value.clone() for name, value in encoder.state_dict().items()}
    extract(encoder, images(50), CPU, batch=20)
    assert (encoder.training, encoder.norm.training, encoder.drop.training) == (True, False, True)
    assert all(torch.equal(value, state[name]) for name, value in encoder.state_dict().items())
    assert [shape[0] for shape, _, _ in encoder.seen] == [20, 20, 16]  # never fewer
    assert all(last and inference for _, last, inference in encoder.seen)


def test_modes_are_restored_after_an_error():
    encoder = net().train()
    with pytest.raises(RuntimeError):
        extract(encoder, images(2, size=2), CPU)  # smaller than the kernel
    assert encoder.training
    assert encoder.drop.training


def test_features_can_be_used_further():
    """Not inference tensors, which could not be changed in place outside of inference mode."""
    features = extract(net(), images(3), CPU)
    features.mul_(2)
    assert not features.is_inference()


def test_read_only_memmaps_and_bf16(tmp_path):
    path = tmp_path / "images"
    np.memmap(path, np.uint8, "w+", shape=(5, 12, 12, 3))[:] = images(5)
    stored = np.memmap(path, np.uint8, "r", shape=(5, 12, 12, 3))
    exact = extract(net(), stored, CPU)
    assert torch.equal(exact, extract(net(), images(5), CPU))
    rough = extract(net(), stored, CPU, precision="bf16")
    assert rough.dtype == torch.float32
    assert 0 < float((rough - exact).abs().max()) < 0.05


@pytest.mark.parametrize("size", [16, 32, 64])
def test_pixels_are_block_means(size):
    pixels = images(600, size)
    block = size // 16
    expected = pixels.reshape(600, 16, block, 16, block, 3).astype(np.float64).mean((2, 4)) / 255
    got = pixel_features(pixels)
    assert got.shape == (600, 768)
    np.testing.assert_allclose(
        got.numpy(), expected.transpose(0, 3, 1, 2).reshape(600, -1), atol=1e-6
    )


def test_pixels_of_any_size():
    assert pixel_features(images(3, 24)).shape == (3, 768)
    assert pixel_features(images(3, 8)).shape == (3, 768)


def test_views_are_those_of_the_recipe_whatever_the_batch():
    pixels = images(9)
    view = recipe("symmetric", 12)[0].model_copy(update={"count": 3})
    encoder = net()
    got = extract_views(encoder, pixels, view, 5, CPU, batch=4)
    planes = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    with torch.no_grad():
        want = torch.stack([encoder.eval()(x) for x in make_views(planes, (view,), 5, 0)], dim=1)
    assert got.shape == (9, 3, 8)
    torch.testing.assert_close(got, want, atol=1e-6, rtol=1e-5)
    assert not torch.equal(got[:, 0], got[:, 1])
    assert not torch.equal(extract_views(encoder, pixels, view, 6, CPU), got)
    assert not got.is_inference()


def test_pixels_of_views_are_the_pixels_baseline_of_images():
    pixels = images(5, 32)
    views = normalise(torch.from_numpy(pixels).permute(0, 3, 1, 2))
    torch.testing.assert_close(PixelEncoder()(views), pixel_features(pixels), atol=1e-6, rtol=0)


def test_projections_are_made_in_evaluation_mode_of_any_shape():
    projector = nn.Sequential(nn.Linear(8, 4), nn.BatchNorm1d(4)).train()
    before = projector[1].running_mean.clone()
    x = torch.randn(5, 3, 8)
    got = project(projector, x, CPU)
    assert got.shape == (5, 3, 4)
    assert torch.equal(projector[1].running_mean, before)
    assert projector.training
    torch.testing.assert_close(got[2, 1], project(projector, x[2, 1:2], CPU)[0])


@pytest.mark.parametrize(("side", "size"), [(256, 224), (37, 32), (36, 31), (8, 8)])
def test_the_centre_is_that_of_torchvision(side: int, size: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, side, side, 3), dtype=np.uint8)
    theirs = center_crop(torch.from_numpy(images).permute(0, 3, 1, 2), [size, size])
    assert np.array_equal(central(images, size), theirs.permute(0, 2, 3, 1).numpy())
