"""Whole views: what is drawn, that it decides everything, and the composition of the parts."""

import contextlib
import math

import pytest
import torch
from scipy import stats
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as F

from datayield.augment.blur import taps_of
from datayield.augment.jitter import ORDERS
from datayield.augment.normalise import MEAN, STD
from datayield.augment.views import (
    Drawn,
    apply,
    draw,
    images_at_once,
    make_views,
    make_views_of_steps,
)
from datayield.spec.run.views import VIEW_RECIPES, ViewSpec, recipe

# Everything happens, and often.
STRONG = ViewSpec(
    size=24,
    jitter=0.9,
    brightness=0.8,
    contrast=0.8,
    saturation=0.8,
    hue=0.5,
    grey=0.3,
    blur=0.6,
    solarize=0.4,
)
# The same as a PIL pipeline makes it.
PIL_WAY = STRONG.model_copy(
    update={"interpolation": "bicubic", "jitter_order": "random", "blur_taps": "auto"}
)
NEUTRAL = {"brightness": 1.0, "contrast": 1.0, "saturation": 1.0, "hue": 0.0, "grey": 0.0}
GOLDEN = {
    "top": [3.0, 1.0, 17.0],
    "left": [18.0, 4.0, 3.0],
    "height": [21.0, 31.0, 11.0],
    "width": [19.0, 27.0, 11.0],
    "flip": [0.0, 1.0, 1.0],
    "brightness": [1.36766, 1.0, 1.45063],
    "contrast": [1.04421, 1.0, 1.13263],
    "saturation": [1.66869, 1.0, 0.73603],
    "hue": [-0.23804, 0.0, 0.11548],
    "grey": [1.0, 0.0, 0.0],
    "sigma": [0.0, 0.0, 0.34943],
    "solarize": [1.0, 1.0, 1.0],
    "order": [0.0, 0.0, 0.0],
}


def batch(n: int = 24, high: int = 32, wide: int = 32, seed: int = 0) -> Tensor:
    """Noise laid over a slope, as NHWC storage seen as NCHW."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randint(0, 128, (n, high, wide, 3), generator=generator)
    slope = torch.linspace(0, 127, high).long().view(high, 1, 1)
    return (noise + slope).to(torch.uint8).permute(0, 3, 1, 2)


def reference(image: Tensor, spec: ViewSpec, one: dict[str, float]) -> Tensor:
    """One view of one uint8 image [3, H, W] by torchvision on floats, not normalised."""
    window = [int(one[name]) for name in ("top", "left", "height", "width")]
    side = [spec.size, spec.size]
    how = InterpolationMode(spec.interpolation or "bilinear")
    x = F.resized_crop(image.contiguous().float() / 255, *window, side, how, True).clamp(0, 1)
    x = F.horizontal_flip(x) if one["flip"] else x
    for turn in ORDERS[int(one["order"])].tolist():
        name, adjust = ADJUST[turn]
        x = adjust(x, one[name]) if one[name] != NEUTRAL[name] else x
    x = F.rgb_to_grayscale(x, num_output_channels=3) if one["grey"] else x
    taps, sigma = taps_of(spec.blur_taps, spec.size, spec.blur_sigma[1]), one["sigma"]
    x = F.gaussian_blur(x, [taps, taps], [sigma, sigma]) if sigma else x
    return F.solarize(x, 0.5) if one["solarize"] else x


ADJUST = [
    ("brightness", F.adjust_brightness),
    ("contrast", F.adjust_contrast),
    ("saturation", F.adjust_saturation),
    ("hue", F.adjust_hue),
]
SPECS = {"strong": STRONG, "pil": PIL_WAY}
CASES = [(name, size) for name in VIEW_RECIPES for size in (32, 48)]
CASES += [("strong", 24), ("pil", 24)]


@pytest.mark.parametrize(("name", "size"), CASES)
def test_a_view_is_the_torchvision_composition(name: str, size: int) -> None:
    """To 2e-5 of full scale: the tolerances of the parts, some of them amplified by contrast."""
    spec = SPECS.get(name) or recipe(name, size)[-1]
    images = batch()
    drawn = draw(spec, len(images), (32, 32), seed=5, step=7, view=1)
    got = apply(images, spec, drawn)
    pixels = got * torch.tensor(STD).view(3, 1, 1) + torch.tensor(MEAN).view(3, 1, 1)
    for i, image in enumerate(images):
        one = {field: float(values[i]) for field, values in drawn._asdict().items()}
        want = reference(image, spec, one)
        torch.testing.assert_close(pixels[i], want, rtol=0, atol=2e-5)


def test_shape_dtype_layout_and_order_of_the_views() -> None:
    images = batch(6, 20, 30)
    before = images.clone()
    specs = (ViewSpec(count=2, size=16), ViewSpec(count=1, size=8))
    views = make_views(images, specs, seed=0, step=3)
    assert [tuple(view.shape) for view in views] == [(6, 3, 16, 16)] * 2 + [(6, 3, 8, 8)]
    for number, (view, spec) in enumerate(zip(views, (specs[0], *specs), strict=True)):
        assert view.dtype == torch.float32
        assert view.is_contiguous(memory_format=torch.channels_last)
        assert torch.equal(view, apply(images, spec, draw(spec, 6, (20, 30), 0, 3, number)))
    assert torch.equal(images, before)
    assert not torch.equal(views[0], views[1])


def test_views_are_a_function_of_seed_and_step() -> None:
    images, specs = batch(8), recipe("symmetric", 16)
    first = make_views(images, specs, seed=1, step=2)
    torch.rand(3)  # the global state of torch plays no part
    again = make_views(images.contiguous(), specs, seed=1, step=2)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    for seed, step in ((1, 3), (2, 2), (2, 1)):
        other = make_views(images, specs, seed=seed, step=step)
        assert not any(torch.equal(a, b) for a in first for b in other)


def test_seeds_beyond_32_bits_differ() -> None:
    here, there = (draw(STRONG, 8, (32, 32), seed, 0, 0) for seed in (1, 1 + 2**32))
    assert not torch.equal(here.hue, there.hue)


def test_golden_draw() -> None:
    """Frozen. A change here changes every run: bump VERSIONS["views"] in spec/identity.py."""
    drawn = draw(STRONG, 3, (32, 40), seed=11, step=22, view=1)
    got = {name: [round(v, 5) for v in values.tolist()] for name, values in drawn._asdict().items()}
    assert got == GOLDEN


@pytest.mark.parametrize("strong", [STRONG, PIL_WAY], ids=["strong", "pil"])
@pytest.mark.parametrize("size", [32, 33])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_part_of_the_batch_gives_that_part_of_the_views(
    size: int, threads: int, strong: ViewSpec
) -> None:
    images = batch(40)
    spec = strong.model_copy(update={"size": size})
    drawn = draw(spec, 40, (32, 32), seed=0, step=0, view=0)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        whole = apply(images, spec, drawn)
        for start, stop in ((0, 20), (20, 40), (3, 4), (7, 20), (39, 40)):
            part = apply(images[start:stop], spec, drawn.part(start, stop))
            assert torch.equal(part, whole[start:stop])
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("parts", [2, 3, 4])
def test_the_processes_views_joined_are_the_whole_batchs_to_the_bit(parts: int) -> None:
    images, specs = batch(24), (STRONG, PIL_WAY, *recipe("asymmetric", 32))
    whole = make_views(images, specs, 5, 7)
    size = 24 // parts
    split = [
        make_views(images[start : start + size], specs, 5, 7, batch=24, start=start)
        for start in range(0, 24, size)
    ]
    assert len(whole) == 4
    for view, pieces in zip(whole, zip(*split, strict=True), strict=True):
        assert torch.equal(torch.cat(pieces), view)


@pytest.mark.parametrize("strong", [STRONG, PIL_WAY], ids=["strong", "pil"])
def test_samples_not_chosen_are_untouched_to_the_bit(strong: ViewSpec) -> None:
    images = batch(40)
    spec = strong.model_copy(update={"jitter": 1.0})
    drawn = draw(spec, 40, (32, 32), seed=0, step=0, view=0)
    neutral = {
        name: torch.full((40,), value)
        for name, value in {**NEUTRAL, "sigma": 0.0, "solarize": 0.0}.items()
    }
    plain = apply(images, spec, drawn._replace(**neutral))
    even = torch.arange(40) % 2 == 0
    mixed = drawn._replace(
        **{name: torch.where(even, v, getattr(drawn, name)) for name, v in neutral.items()}
    )
    got = apply(images, spec, mixed)
    assert torch.equal(got[even], plain[even])
    changed = (got[~even] != plain[~even]).flatten(1).any(1)
    assert bool(changed.all())


def test_autocast_does_not_touch_the_pixels() -> None:
    images = batch(8)
    want = make_views(images, (STRONG,), 0, 0)[0]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(make_views(images, (STRONG,), 0, 0)[0], want)


def test_everything_happens_on_the_device_of_the_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """On `meta`, where an operand left on the CPU is an error; autocast does not know `meta`."""
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: contextlib.nullcontext())
    for view in make_views(batch(16).to("meta"), (STRONG, PIL_WAY), seed=0, step=0):
        assert view.device.type == "meta"
        assert view.shape == (16, 3, 24, 24)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_views_on_a_gpu_are_those_on_the_cpu() -> None:
    images, specs = batch(64), (STRONG, PIL_WAY, *recipe("symmetric", 32))
    here = make_views(images, specs, seed=0, step=0)
    there = make_views(images.cuda(), specs, seed=0, step=0)
    for cpu, gpu in zip(here, there, strict=True):
        torch.testing.assert_close(gpu.cpu(), cpu, rtol=0, atol=1e-4)


def chosen_shares(drawn: Drawn) -> dict[str, float]:
    return {
        "flip": drawn.flip.mean().item(),
        "jitter": (drawn.hue != 0).float().mean().item(),
        "grey": drawn.grey.mean().item(),
        "blur": (drawn.sigma != 0).float().mean().item(),
        "solarize": drawn.solarize.mean().item(),
    }


def test_operations_happen_as_often_as_asked() -> None:
    """Within four standard errors at n = 40,000."""
    n = 40_000
    drawn = draw(STRONG, n, (32, 32), seed=3, step=1, view=0)
    for name, share in chosen_shares(drawn).items():
        p = getattr(STRONG, name)
        assert abs(share - p) < 4 * math.sqrt(p * (1 - p) / n), name
    for p in (0.0, 1.0):
        always = dict.fromkeys(("flip", "jitter", "grey", "blur", "solarize"), p)
        spec = STRONG.model_copy(update=always)
        assert chosen_shares(draw(spec, n, (32, 32), 0, 0, 0)) == pytest.approx(always, abs=1e-4)


def test_a_random_order_changes_nothing_else_that_is_drawn() -> None:
    fixed, other = (draw(spec, 50, (32, 32), 4, 2, 1) for spec in (STRONG, PIL_WAY))
    assert fixed.order.eq(0).all()
    assert other.order.unique().numel() > 10
    assert all(torch.equal(a, b) for a, b in zip(fixed[:-1], other[:-1], strict=True))


def test_orders_are_uniform_among_the_24() -> None:
    """As torchvision's, which permutes the four operations; a chi-squared test at n = 24,000."""
    drawn = draw(PIL_WAY, 24_000, (32, 32), seed=1, step=5, view=0)
    counts = torch.bincount(drawn.order.long(), minlength=24)
    assert len(counts) == 24
    assert stats.chisquare(counts.numpy()).pvalue > 0.01
    assert ORDERS.unique(dim=0).shape == (24, 4)
    assert ORDERS[0].tolist() == [0, 1, 2, 3]


def test_factors_are_uniform_in_their_ranges_and_neutral_where_not_chosen() -> None:
    spec = STRONG.model_copy(update={"jitter": 0.5, "contrast": 1.5, "blur": 1.0})
    drawn = draw(spec, 8000, (32, 32), seed=0, step=9, view=2)
    on = drawn.hue != 0
    for name, low, high in (
        ("brightness", 0.2, 1.8),
        ("contrast", 0.0, 2.5),
        ("saturation", 0.2, 1.8),
        ("hue", -0.5, 0.5),
    ):
        values = getattr(drawn, name)
        fit = stats.kstest(values[on].numpy(), stats.uniform(low, high - low).cdf)
        assert fit.pvalue > 0.005, name
        assert bool((values[~on] == NEUTRAL[name]).all()), name
    sigma = stats.kstest(drawn.sigma.numpy(), stats.uniform(0.1, 1.9).cdf)
    assert sigma.pvalue > 0.005


def test_what_is_drawn_is_independent_between_parameters_steps_and_views() -> None:
    def table(step: int, view: int) -> Tensor:
        spec = PIL_WAY.model_copy(update={"jitter": 1.0, "blur": 1.0})
        return torch.stack(draw(spec, 8000, (32, 32), 0, step, view))[4:]  # all but the window

    here = table(0, 0)
    together = torch.corrcoef(torch.cat([here, table(0, 1), table(1, 0)]))
    off = together - torch.diag(together.diag())
    assert off.abs().max() < 4.5 / math.sqrt(8000)


@pytest.mark.parametrize("steps", [2, 5])
def test_views_of_several_steps_are_those_of_each(steps: int) -> None:
    specs = (PIL_WAY, STRONG.model_copy(update={"size": 8, "count": 3}))
    images = [batch(7, 20, 20, seed=k) for k in range(steps)]
    together = make_views_of_steps(images, specs, 5, 11, batch=21, start=7)
    for k, views in enumerate(together):
        alone = make_views(images[k], specs, 5, 11 + k, batch=21, start=7)
        assert len(views) == len(alone) == 4
        assert all(torch.equal(a, b) for a, b in zip(views, alone, strict=True))


def test_several_views_are_made_at_once_only_where_they_are_small() -> None:
    cpu, gpu, threads = torch.device("cpu"), torch.device("cuda"), torch.get_num_threads()
    assert images_at_once(16, cpu) == threads * 512
    assert images_at_once(16, gpu) == 4096
    assert images_at_once(4096, gpu) == 1
