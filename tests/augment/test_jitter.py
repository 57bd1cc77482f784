"""Against torchvision's functions, applied image by image in the same order: 2e-5 of full scale.

The tolerance of the four operations, which contrast and brightness amplify.
"""

import torch
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

from datayield.augment.jitter import NEUTRAL, ORDERS, draw_orders, jitter_

ADJUST = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)


def test_every_order_is_torchvisions_functions_in_that_order() -> None:
    generator = torch.Generator().manual_seed(0)
    orders = torch.arange(24.0).repeat_interleave(2)
    images = torch.rand(48, 3, 12, 12, generator=generator)
    factors = torch.rand(4, 48, generator=generator) * 1.6 + 0.2
    factors[3] = torch.rand(48, generator=generator) - 0.5
    got = images.clone()
    jitter_(got, factors, factors, orders)
    for i, image in enumerate(images):
        want = image
        for turn in ORDERS[int(orders[i])].tolist():
            want = ADJUST[turn](want, float(factors[turn, i]))
        torch.testing.assert_close(got[i], want, rtol=0, atol=2e-5)
    # The order matters: the same factors in the fixed order give other pixels, but for that order.
    fixed = images.clone()
    jitter_(fixed, factors, factors, torch.zeros(48))
    differs = (got - fixed).abs().flatten(1).amax(1) > 1e-3
    assert differs[2:].sum() > 36
    assert not differs[:2].any()


def test_neutral_factors_leave_a_sample_as_it_is() -> None:
    images = torch.rand(24, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    factors = torch.tensor(NEUTRAL)[:, None].repeat(1, 24)
    factors[0, 5] = 0.5
    got = images.clone()
    jitter_(got, factors, factors, torch.arange(24.0))
    assert torch.equal(got[5], images[5] * 0.5)
    others = torch.arange(24) != 5
    assert torch.equal(got[others], images[others])


def test_orders_of_the_ends_of_the_range() -> None:
    assert draw_orders(torch.tensor([0.0, 1 / 24, 0.5, 1 - 2**-24])).tolist() == [0, 1, 12, 23]


def test_each_operation_is_as_often_at_each_turn_as_with_torchvision() -> None:
    """4,800 orders each: no share of 1/4 further off than four standard errors."""
    ours = ORDERS[draw_orders(torch.rand(4800, generator=torch.Generator().manual_seed(2))).long()]
    jitter = v2.ColorJitter(0.4, 0.4, 0.2, 0.1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        theirs = torch.stack([jitter.make_params([])["fn_idx"] for _ in range(4800)])
    for drawn in (ours, theirs):
        shares = torch.stack([(drawn == operation).float().mean(0) for operation in range(4)])
        assert (shares - 0.25).abs().max() < 4 * (0.25 * 0.75 / 4800) ** 0.5
