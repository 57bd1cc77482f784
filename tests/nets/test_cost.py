"""The closed forms of spec/cost.py against torch's own counter. A FLOP is half a multiply-add."""

from collections.abc import Callable, Iterator

import pytest
import timm
import torch
from torch.utils.flop_counter import FlopCounterMode

from datayield.maths.contrastive import nt_xent
from datayield.maths.decorrelation import barlow_twins, vicreg
from datayield.nets.encoder import build
from datayield.nets.heads import projector
from datayield.spec.cost import encoder_macs, head_macs, loss_macs
from datayield.spec.method import BarlowTwins, SimCLR, VICReg
from datayield.spec.run import EncoderSpec


@pytest.fixture(autouse=True)
def plain_attention() -> Iterator[None]:
    """torch's counter does not see the fused attention kernel of CPUs."""
    timm.layers.set_fused_attn(False)
    yield
    timm.layers.set_fused_attn(True)


def macs(work: Callable[[], object]) -> float:
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops() / 2


ENCODERS = [
    (EncoderSpec(name="convnet", size=32), (32, 33)),
    (EncoderSpec(name="convnet", width=12, size=32), (32,)),
    (EncoderSpec(name="resnet18", stem="cifar", size=32), (32, 64)),
    (EncoderSpec(name="resnet18", stem="imagenet", size=32), (32, 64, 50)),
    (EncoderSpec(name="resnet34", stem="imagenet", size=32), (32,)),
    (EncoderSpec(name="resnet50", stem="cifar", size=32), (32,)),
    (EncoderSpec(name="resnet50", stem="imagenet", size=64), (64,)),
    (EncoderSpec(name="vit_tiny", patch=8, size=64), (64,)),
    (EncoderSpec(name="vit_small", patch=16, size=32), (32,)),
]


@pytest.mark.parametrize(
    ("spec", "size"),
    [(spec, size) for spec, sizes in ENCODERS for size in sizes],
    ids=lambda value: f"{value.name}-{value.stem}" if isinstance(value, EncoderSpec) else value,
)
@torch.no_grad()
def test_encoders(spec: EncoderSpec, size: int) -> None:
    encoder = build(spec, seed=0).eval()
    assert encoder_macs(spec, size) == macs(lambda: encoder(torch.zeros(1, 3, size, size)))


@torch.no_grad()
def test_heads() -> None:
    method = BarlowTwins(projector=(24, 16, 8))
    head = projector(32, method.projector, norm=True)
    assert head_macs(method, 32) * 5 == macs(lambda: head(torch.zeros(5, 32)))


def test_losses() -> None:
    batch, d = 6, 8
    z = torch.randn(3, batch, d)
    cases = [
        (loss_macs(SimCLR(projector=(d,)), batch, 3), lambda: nt_xent(z, 0.1)),
        (loss_macs(BarlowTwins(projector=(d,)), batch, 2), lambda: barlow_twins(z[0], z[1], 0.1)),
        (loss_macs(VICReg(projector=(d,)), batch, 2), lambda: vicreg(z[0], z[1], 1.0, 1.0, 1.0)),
    ]
    for per_image, loss in cases:
        assert per_image * batch == macs(loss)


def test_backward_costs_twice_the_forward_but_for_the_first_layer() -> None:
    spec = EncoderSpec(name="resnet18", stem="cifar", size=32)
    encoder = build(spec, seed=0)
    forward = encoder_macs(spec, 32)
    assert forward is not None
    both = macs(lambda: encoder(torch.zeros(2, 3, 32, 32)).sum().backward())
    stem = 9 * 3 * 64 * 32**2  # no gradient with respect to the image is needed
    assert both == 2 * (3 * forward - stem)
    assert both / 2 == pytest.approx(3 * forward, rel=0.01)
