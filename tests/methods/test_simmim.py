"""SimMIM: what is hidden, what counts, what is trained, and that it learns."""

import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn import functional as F

from datayield import methods
from datayield.maths.masking import random_masks, unpatchify
from datayield.optim.build import build as build_optimizer
from datayield.spec.run.budget import Budget
from datayield.spec.run.encoder import EncoderSpec
from datayield.spec.run.method import SimMIMSpec
from datayield.spec.run.optim import OptimSpec
from datayield.spec.run.run import RunSpec
from datayield.spec.run.subset import Subset
from datayield.spec.run.views import ViewSpec, recipe

ENCODERS = {
    "vit": EncoderSpec(name="vit_tiny", patch=4, size=16),
    "viny": EncoderSpec(name="viny", patch=4, size=16),
    "avg": EncoderSpec(name="viny", patch=4, size=16, pool="avg"),
    "convnet": EncoderSpec(name="convnet", width=8, size=16),
    "resnet": EncoderSpec(name="resnet18", stem="cifar", size=16),
}
every_encoder = pytest.mark.parametrize("encoder", list(ENCODERS))


def run_spec(encoder: str = "convnet", views: int = 1, **knobs: object) -> RunSpec:
    return RunSpec(
        data=Subset(dataset="made", count=64, size=16),
        encoder=ENCODERS[encoder],
        method=SimMIMSpec.model_validate(knobs),
        views=(ViewSpec(count=views, size=16),),
        optim=OptimSpec(lr=1e-3),
        batch=8,
        budget=Budget(unit="images", amount=160),
    )


def views_of(count: int, seed: int = 0) -> list[Tensor]:
    noise = torch.Generator().manual_seed(seed)
    return [torch.randn(4, 3, 16, 16, generator=noise) for _ in range(count)]


def drawn(spec: RunSpec, seed: int, count: int) -> tuple[Tensor, Tensor]:
    """The masks of `count` images at a step seeded by `seed`: by token, and by pixel."""
    assert isinstance(spec.method, SimMIMSpec)
    stride = spec.encoder.stride or 0
    noise = torch.Generator().manual_seed(seed)
    masks = random_masks(
        count, 16 // stride, spec.method.mask_patch // stride, spec.method.ratio, noise
    )
    return masks, unpatchify(masks[..., None].expand(-1, -1, stride**2), stride)


@every_encoder
@pytest.mark.parametrize("count", [1, 3])
def test_the_loss_is_the_error_at_hidden_pixels_of_every_view(encoder: str, count: int) -> None:
    spec = run_spec(encoder, count)
    method = methods.build(spec)
    views = views_of(count)
    torch.manual_seed(5)
    total = method(views, 0.3).total
    pixels = torch.cat(views)
    hidden, where = drawn(spec, 5, len(pixels))  # from the first numbers of the global stream
    pred = method.decoder(method.encoder.tokens(pixels, hidden, method.mask_token))
    assert spec.encoder.stride is not None
    errors = (unpatchify(pred, spec.encoder.stride) - pixels).abs()
    per_view = [
        (e * m).sum() / m.sum() / 3
        for e, m in zip(errors.chunk(count), where.chunk(count), strict=True)
    ]
    torch.testing.assert_close(total, torch.stack(per_view).mean())
    torch.manual_seed(5)
    torch.testing.assert_close(method(views, 0.9).total, total)  # of t it knows nothing
    assert not torch.isclose(method(views, 0.3).total, total)  # other masks
    assert int(where.sum()) == count * 4 * 16 * 16 * 0.75  # three of four squares of 8 px


@every_encoder
def test_a_seen_pixel_is_no_target_and_a_hidden_one_no_input(encoder: str) -> None:
    spec = run_spec(encoder)
    method = methods.build(spec)
    (x,) = views_of(1)
    _, where = drawn(spec, 2, 4)
    x.requires_grad_()
    torch.manual_seed(2)
    (grad,) = torch.autograd.grad(method([x], 0.0).total, x)
    # Through the target each hidden value moves the mean of absolute errors by 1 / count, alone.
    hidden = grad[where.expand_as(grad)]
    torch.testing.assert_close(hidden.abs(), torch.full_like(hidden, 1 / len(hidden)))
    assert float(grad[~where.expand_as(grad)].abs().max()) > 0


@every_encoder
def test_every_parameter_is_trained_the_class_token_too(encoder: str) -> None:
    method = methods.build(run_spec(encoder))
    method(views_of(1), 0.0).total.backward()
    for name, parameter in method.named_parameters():
        assert parameter.grad is not None, name
        assert float(parameter.grad.abs().sum()) > 0, name
    body = method.encoder.body
    if hasattr(body, "pos_embed"):
        assert bool((body.pos_embed.grad.abs().sum(dim=-1) > 0).all())
    assert method.mask_token.shape == (
        3 if encoder in ("convnet", "resnet") else body.num_features,
    )


def test_the_extras_of_viny_are_those_of_the_paper() -> None:
    spec = run_spec("viny").model_copy(
        update={"encoder": EncoderSpec(name="viny", patch=16, size=128)}
    )
    method = methods.build(spec)
    extra = {n: p for n, p in method.named_parameters() if not n.startswith("encoder.")}
    assert sorted(extra) == ["decoder.bias", "decoder.weight", "mask_token"]
    assert sum(p.numel() for p in extra.values()) == 99_200
    decayed = build_optimizer(method, OptimSpec(lr=1.0, weight_decay=0.1)).param_groups[0]["params"]
    assert not any(method.mask_token is p for p in decayed)


def digits() -> Tensor:
    """scikit-learn's digits, [1797, 3, 16, 16], in [-1, 1]."""
    grey = torch.from_numpy(load_digits().images).float()[:, None] / 8 - 1
    return F.interpolate(grey, size=16).expand(-1, 3, -1, -1)


@pytest.mark.parametrize(("encoder", "steps"), [("convnet", 600), ("viny", 24), ("vit", 24)])
def test_the_loss_falls(encoder: str, steps: int) -> None:
    """ViTs fall to 0.53 and 0.69 of the beginning in steps of half the images."""
    images, batch = digits(), 16 if encoder == "convnet" else 8
    method = methods.build(run_spec(encoder, mask_patch=8 if encoder == "convnet" else 4))
    optimizer = build_optimizer(method, OptimSpec(lr=1e-3))
    losses = []
    for step in range(steps):
        torch.manual_seed(step)
        total = method([images[torch.randint(len(images), (batch,))]], 0.0).total
        total.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(total.item())
    first, last = (sum(part) / len(part) for part in (losses[:3], losses[-10:]))
    assert last < 0.75 * first
    if encoder == "convnet":  # better than any one picture, so it reads what is left
        assert last < float((images - images.median(dim=0).values).abs().mean())


def test_its_recipe_is_one_view_without_colour() -> None:
    (view,) = recipe("simmim", 32)
    assert (view.count, view.scale, view.flip) == (1, (0.67, 1.0), 0.5)
    assert view.jitter == view.grey == view.blur == view.solarize == 0
