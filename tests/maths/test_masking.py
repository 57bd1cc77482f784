"""Masks are counted and their chances compared; the loss against the published formula in loops."""

import math

import pytest
import torch
from torch import Tensor

from datayield.maths.masking import patchify, random_masks, reconstruction, unpatchify
from tests.maths.published import masked_l1


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("side", "cell"), [(8, 1), (8, 2), (12, 4), (6, 6), (7, 1)])
@pytest.mark.parametrize("ratio", [1e-6, 0.3, 0.5, 0.6, 0.75, 0.999999])
def test_exactly_the_ceiling_of_the_share_is_hidden_in_whole_cells(
    side: int, cell: int, ratio: float
) -> None:
    masks = random_masks(5, side, cell, ratio, seeded(0))
    assert masks.dtype == torch.bool
    assert masks.shape == (5, side * side)
    grid = side // cell
    cells = masks.view(5, grid, cell, grid, cell).transpose(2, 3).reshape(5, grid * grid, -1)
    assert torch.equal(cells.any(dim=2), cells.all(dim=2))
    assert cells.any(dim=2).sum(dim=1).tolist() == [math.ceil(ratio * grid * grid)] * 5


def test_a_share_that_is_whole_but_for_rounding_hides_no_cell_more() -> None:
    assert math.ceil(0.07 * 100) == 8  # what floats make of it
    assert int(random_masks(1, 10, 1, 0.07).sum()) == 7


def test_every_choice_of_cells_is_as_likely() -> None:
    count = 12_000
    masks = random_masks(count, 4, 2, 0.5, seeded(1)).view(count, 4, 4)[:, ::2, ::2].flatten(1)
    chosen, times = (masks.long() @ torch.tensor([1, 2, 4, 8])).unique(return_counts=True)
    assert chosen.tolist() == [3, 5, 6, 9, 10, 12]  # two of four, six ways
    spread = math.sqrt(count * (1 / 6) * (5 / 6))
    assert float((times - count / 6).abs().max()) < 4 * spread


def test_masks_are_a_function_of_the_generator_or_of_the_global_stream() -> None:
    first, again, other = (random_masks(8, 6, 1, 0.5, seeded(s)) for s in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.equal(first[0], first[1])
    torch.manual_seed(0)
    assert torch.equal(random_masks(8, 6, 1, 0.5), first)
    before = torch.random.get_rng_state()
    random_masks(8, 6, 1, 0.5, seeded(0))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_shares_and_sides_that_make_no_masks_are_refused() -> None:
    for ratio in (0.0, 1.0, -0.5, math.nan):
        with pytest.raises(ValueError, match="above 0 and below 1"):
            random_masks(1, 4, 1, ratio)
    with pytest.raises(ValueError, match="6 tokens on a side are not a multiple of a cell's 4"):
        random_masks(1, 6, 4, 0.5)


def test_patches_run_row_by_row_and_their_values_as_a_convolutions_weights() -> None:
    x = random(2, 3, 8, 8)
    patches = patchify(x, 4)
    assert patches.shape == (2, 4, 48)
    assert torch.equal(patches[1, 1], x[1, :, :4, 4:].flatten())
    assert torch.equal(unpatchify(patches, 4), x)
    kernel = random(5, 3, 4, 4, seed=1)
    by_convolution = torch.nn.functional.conv2d(x, kernel, stride=4).flatten(2).transpose(1, 2)
    torch.testing.assert_close(patches @ kernel.flatten(1).T, by_convolution)


@pytest.mark.parametrize(("side", "patch", "cell", "ratio"), [(8, 2, 1, 0.6), (16, 4, 2, 0.3)])
def test_the_mean_over_a_batch_is_the_published_loss(
    side: int, patch: int, cell: int, ratio: float
) -> None:
    x, xhat = random(3, 3, side, side), random(3, 3, side, side, seed=1)
    masked = random_masks(3, side // patch, cell, ratio, seeded(2))
    pixels = unpatchify(masked[..., None].expand(-1, -1, patch**2), patch)[:, 0]
    got = float(reconstruction(patchify(xhat, patch), patchify(x, patch), masked).mean())
    assert got == pytest.approx(float(masked_l1(x, xhat, pixels)), rel=0, abs=1e-12)
    hidden = int(pixels.sum())
    published = float(masked_l1(x, xhat, pixels, 1e-5))
    assert got == pytest.approx(published * (hidden + 1e-5) / hidden, rel=0, abs=1e-12)


def test_the_epsilon_left_out_is_below_float32_in_a_batch() -> None:
    assert torch.tensor(512.0) + 1e-5 == torch.tensor(512.0)


def test_golden_values_by_hand() -> None:
    pred = torch.tensor([[[1.0, 1.0], [5.0, 5.0], [0.0, 3.0]]])
    target = torch.tensor([[[0.0, 3.0], [9.0, 9.0], [0.0, 0.0]]])
    masked = torch.tensor([[True, False, True]])
    assert reconstruction(pred, target, masked).tolist() == [(1 + 2 + 0 + 3) / 4]


def test_images_do_not_meet_and_only_hidden_pixels_count() -> None:
    pred, target = random(5, 9, 12), random(5, 9, 12, seed=1)
    masked = random_masks(5, 3, 1, 0.4, seeded(0))
    want = reconstruction(pred, target, masked)
    order = torch.tensor([3, 0, 4, 1, 2])
    got = reconstruction(pred[order], target[order], masked[order])
    assert torch.equal(got, want[order])
    elsewhere = random(5, 9, 12, seed=2) * ~masked[..., None]
    assert torch.equal(reconstruction(pred + elsewhere, target - elsewhere, masked), want)
    one = torch.zeros(5, 9, 12, dtype=torch.float64)
    one[2, int(masked[2].nonzero()[0]), 7] = 0.5
    assert ((reconstruction(pred + one, target, masked) != want).nonzero() == 2).all()


def test_gradients() -> None:
    pred, target = random(2, 4, 3).requires_grad_(), random(2, 4, 3, seed=1)
    masked = random_masks(2, 2, 1, 0.5, seeded(0))
    assert torch.autograd.gradcheck(lambda x: reconstruction(x, target, masked), pred)
    reconstruction(pred, target, masked).sum().backward()
    assert pred.grad is not None
    assert torch.equal(pred.grad.abs().sum(dim=2) > 0, masked)


def test_keeps_float32_when_the_network_ran_in_bfloat16() -> None:
    pred, target = random(4, 64, 48).float(), random(4, 64, 48, seed=1).float()
    masked = random_masks(4, 8, 1, 0.6, seeded(0))
    rounded = reconstruction(pred.bfloat16(), target, masked)
    assert rounded.dtype == torch.float32
    assert torch.equal(rounded, reconstruction(pred.bfloat16().float(), target, masked))
    exact = reconstruction(pred, target, masked)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(reconstruction(pred, target, masked), exact)
