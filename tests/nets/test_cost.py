"""The closed forms of spec/run/cost.py against torch's counter (a FLOP: half a multiply-add)."""

from collections.abc import Callable, Iterator

import pytest
import timm
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from datayield import methods
from datayield.maths.contrastive import info_nce, nt_xent
from datayield.maths.decorrelation import Pairing, barlow_twins, vicreg
from datayield.maths.gaussian import sigreg
from datayield.nets.encoder import build
from datayield.nets.heads import projector
from datayield.spec.run.budget import Budget
from datayield.spec.run.cost import (
    codes_macs,
    decoder_macs,
    encoder_macs,
    flops_per_image,
)
from datayield.spec.run.encoder import EncoderSpec
from datayield.spec.run.method import (
    BarlowTwinsSpec,
    BYOLSpec,
    DINOSpec,
    LeJEPASpec,
    MoCoV3Spec,
    SimCLRSpec,
    SimMIMSpec,
    SwAVSpec,
    VICRegSpec,
)
from datayield.spec.run.objective import JointEmbedding
from datayield.spec.run.optim import OptimSpec
from datayield.spec.run.run import RunSpec
from datayield.spec.run.subset import Subset
from datayield.spec.run.views import ViewSpec


@pytest.fixture(autouse=True)
def plain_attention() -> Iterator[None]:
    """torch's counter does not see the fused attention kernel of CPUs."""
    timm.layers.set_fused_attn(False)
    with sdpa_kernel(SDPBackend.MATH):
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
    (EncoderSpec(name="resnet18", stem="cifar_pad2", size=32), (32, 33)),
    (EncoderSpec(name="resnet18", stem="imagenet", size=32), (32, 64, 50)),
    (EncoderSpec(name="resnet34", stem="imagenet", size=32), (32,)),
    (EncoderSpec(name="resnet50", stem="cifar", size=32), (32,)),
    (EncoderSpec(name="resnet50", stem="imagenet", size=64), (64,)),
    (EncoderSpec(name="vit_tiny", patch=8, size=64), (64,)),
    (EncoderSpec(name="vit_small", patch=16, size=32), (32,)),
    (EncoderSpec(name="viny", patch=16, size=128), (128,)),
    (EncoderSpec(name="viny", patch=8, size=32, pool="avg"), (32,)),
    (EncoderSpec(name="viny", patch=8, size=32, width=34), (32,)),
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
    method = BarlowTwinsSpec(projector=(24, 16, 8))
    head = projector(32, method.projector, norm=True)
    assert method.head_macs(32) * 5 == macs(lambda: head(torch.zeros(5, 32)))


def test_losses() -> None:
    batch, d = 6, 8
    z = torch.randn(3, batch, d)
    ones = (1.0, 1.0, 1.0)
    cases = [
        (SimCLRSpec(projector=(d,)).loss_macs(batch, 3), lambda: nt_xent(z, 0.1)),
        (MoCoV3Spec(projector=(d,)).loss_macs(batch, 3), lambda: info_nce(z, z, 0.1)),
        (
            BarlowTwinsSpec(projector=(d,)).loss_macs(batch, 2),
            lambda: barlow_twins(z[:2].unbind(), 0.1),
        ),
        (VICRegSpec(projector=(d,)).loss_macs(batch, 2), lambda: vicreg(z[:2].unbind(), *ones)),
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


BATCH, SIZE, WIDTH = 5, 16, 8


def small_run(method: JointEmbedding, views: int, small: int = 0) -> RunSpec:
    """A run small enough to count every product of one of its steps; `small` views of half size."""
    return RunSpec(
        data=Subset(dataset="made", count=8, size=SIZE),
        encoder=EncoderSpec(name="convnet", width=WIDTH, size=SIZE),
        method=method,
        views=tuple(
            ViewSpec(count=count, size=size)
            for count, size in ((views, SIZE), (small, SIZE // 2))
            if count
        ),
        optim=OptimSpec(lr=1e-3),
        batch=BATCH,
        budget=Budget(unit="images", amount=8),
    )


@pytest.mark.parametrize(
    "method",
    [
        BYOLSpec(projector=(24, 12), predictor=16),
        MoCoV3Spec(projector=(24, 12), predictor=16),
        DINOSpec(projector=(24, 12), prototypes=40),
    ],
    ids=lambda method: method.name,
)
@pytest.mark.parametrize("views", [2, 3])
def test_a_step_with_a_teacher(method: JointEmbedding, views: int) -> None:
    spec = small_run(method, views)
    built = methods.build(spec)
    pixels = [torch.randn(BATCH, 3, SIZE, SIZE) for _ in range(views)]
    both = macs(lambda: built(pixels, 0.5).total.backward())
    stem = views * 9 * 3 * WIDTH * SIZE**2  # no gradient with respect to the image is needed
    keys = method.loss_macs(BATCH, views)  # none with respect to the teacher's keys either
    per_image = flops_per_image(spec)
    assert per_image is not None
    assert both == BATCH * (per_image / 2 - stem - keys)


@pytest.mark.parametrize("views", [2, 3, 5])
@pytest.mark.parametrize("pairing", ["all_pairs", "mean_view"])
def test_losses_of_many_views(views: int, pairing: Pairing) -> None:
    batch, d, directions = 6, 8, 10
    z = torch.randn(views, batch, d)
    bt = BarlowTwinsSpec(projector=(d,), pairing=pairing)
    vic = VICRegSpec(projector=(d,), pairing=pairing)
    le = LeJEPASpec(projector=(d,), directions=directions)
    cases = [
        (bt.loss_macs(batch, views), lambda: barlow_twins(z.unbind(), 0.1, pairing)),
        (vic.loss_macs(batch, views), lambda: vicreg(z.unbind(), 1.0, 1.0, 1.0, pairing)),
        (le.loss_macs(batch, views), lambda: sigreg(z, torch.randn(d, directions))),
    ]
    for per_image, loss in cases:
        assert per_image * batch == macs(loss)


@pytest.mark.parametrize("views", [2, 3])
def test_a_step_with_a_queue(views: int) -> None:
    method = SwAVSpec(projector=(24, 12), prototypes=20, queue=15, queue_from=0.25, freeze=0.0)
    spec = small_run(method, views)
    built = methods.build(spec)
    pixels = [torch.randn(BATCH, 3, SIZE, SIZE) for _ in range(views)]
    before, after = (macs(lambda t=t: built(pixels, t).total.backward()) for t in (0.0, 0.25))
    assert after - before == BATCH * codes_macs(method, BATCH)[1]
    stem = views * 9 * 3 * WIDTH * SIZE**2  # no gradient with respect to the image is needed
    per_image = flops_per_image(spec)
    assert per_image is not None
    assert 0.25 * before + 0.75 * after == pytest.approx(BATCH * (per_image / 2 - stem), rel=1e-12)


@pytest.mark.parametrize("views", [1, 2])
@pytest.mark.parametrize(
    ("encoder", "outermost"),
    [
        # The learned colour of hidden pixels has a gradient, and so do the norms before ViNy's
        # patches: no product is left out. Patches of other ViTs need none towards the image.
        (EncoderSpec(name="convnet", width=WIDTH, size=SIZE), 0),
        (EncoderSpec(name="resnet18", stem="cifar", size=SIZE), 0),
        (EncoderSpec(name="viny", patch=4, size=SIZE), 0),
        (EncoderSpec(name="vit_tiny", patch=4, size=SIZE), 16 * 48 * 192),
    ],
    ids=lambda value: value.name if isinstance(value, EncoderSpec) else None,
)
def test_a_step_with_masks(encoder: EncoderSpec, outermost: int, views: int) -> None:
    method = SimMIMSpec(mask_patch=8 if encoder.patch is None else 4)
    spec = small_run(SimCLRSpec(), 2).model_copy(
        update={"encoder": encoder, "method": method, "views": (ViewSpec(count=views, size=SIZE),)}
    )
    built = methods.build(spec)
    pixels = [torch.randn(BATCH, 3, SIZE, SIZE) for _ in range(views)]
    both = macs(lambda: built(pixels, 0.5).total.backward())
    per_image = flops_per_image(spec)
    assert per_image is not None
    assert both == BATCH * (per_image / 2 - views * outermost)
    assert decoder_macs(encoder, SIZE) == macs(
        lambda: built.decoder(torch.zeros((SIZE // built.patch) ** 2, built.encoder.dim))
    )


@pytest.mark.parametrize(
    "method",
    [DINOSpec(projector=(24, 12), prototypes=40, freeze=0.0),
     SwAVSpec(projector=(24, 12), prototypes=20, queue=0, freeze=0.0),
     LeJEPASpec(projector=(24, 12), directions=10)],
    ids=lambda method: method.name,
)  # fmt: skip
def test_a_step_with_small_crops(method: JointEmbedding) -> None:
    spec = small_run(method, views=2, small=3)
    built = methods.build(spec)
    pixels = [torch.randn(BATCH, 3, v.size, v.size) for v in spec.views for _ in range(v.count)]
    both = macs(lambda: built(pixels, 0.5).total.backward())
    stem = sum(9 * 3 * WIDTH * view.shape[-1] ** 2 for view in pixels)
    directions = method.loss_macs(BATCH, 5)  # LeJEPA's get no gradient either
    per_image = flops_per_image(spec)
    assert per_image is not None
    assert both == BATCH * (per_image / 2 - stem - directions)
