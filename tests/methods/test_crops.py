"""Multi-crop: small views beside large ones, for the methods that take them."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from datayield import methods
from datayield.maths.clustering import sinkhorn, swapped_prediction
from datayield.maths.distillation import dino
from datayield.maths.gaussian import prediction, sigreg
from datayield.methods.forward_views import forward_joint, large_views
from datayield.spec.run.encoder import EncoderSpec
from datayield.spec.run.method import METHOD_SPECS
from datayield.spec.run.run import RunSpec
from datayield.spec.run.views import ViewSpec
from tests.methods.test_methods import run_spec

NAMES = [name for name, spec in METHOD_SPECS.items() if spec.takes_crops]
every_method = pytest.mark.parametrize("name", NAMES)


def crops(seed: int = 0) -> list[Tensor]:
    """Two large views of 16 images and three small ones."""
    noise = torch.Generator().manual_seed(seed)
    return [torch.randn(16, 3, side, side, generator=noise) for side in (16, 16, 8, 8, 8)]


def crop_spec(name: str, encoder: EncoderSpec | None = None, **knobs: Any) -> RunSpec:
    spec = run_spec(name, **knobs)
    views = (ViewSpec(count=2, size=16), ViewSpec(count=3, size=8))
    return spec.model_copy(update={"views": views, "encoder": encoder or spec.encoder})


def embedded(method: Any, views: list[Tensor]) -> Tensor:
    """BatchNorm of the encoder sees one size at a time, that of the head everything."""
    features = [method.encoder(torch.cat(views[:2])), method.encoder(torch.cat(views[2:]))]
    return torch.stack(method.projector(torch.cat(features)).chunk(5))


def test_large_views_are_those_of_the_first_size() -> None:
    assert [view.shape[-1] for view in large_views(crops())] == [16, 16]


@every_method
def test_sizes_pass_the_encoder_apart_and_the_head_together(name: str) -> None:
    method: Any = methods.build(crop_spec(name))
    views = crops()
    torch.testing.assert_close(
        forward_joint(method.encoder, method.projector, views), embedded(method, views)
    )


def test_dinos_teacher_sees_only_the_large_views() -> None:
    method: Any = methods.build(crop_spec("dino"))
    views = crops()
    student = method.prototypes(embedded(method, views))
    teacher = method.teacher(torch.cat(views[:2])).view(2, 16, -1)
    want = dino(student, teacher, torch.zeros(48), 0.1, 0.07)
    torch.testing.assert_close(method(views, 0.5).total, want)


def test_swavs_codes_are_of_the_large_views() -> None:
    method: Any = methods.build(crop_spec("swav", queue=0))
    views = crops()
    scores = F.normalize(embedded(method, views), dim=-1) @ method.prototypes.T
    codes = torch.stack([sinkhorn(view, 0.05, 3) for view in scores[:2].detach()])
    torch.testing.assert_close(method(views, 0.5).total, swapped_prediction(scores, codes, 0.1))


def test_lejepas_views_are_pulled_to_the_mean_of_the_large_ones() -> None:
    method: Any = methods.build(crop_spec("lejepa", sigreg=0.3))
    views = crops()
    torch.manual_seed(5)
    total = method(views, 0.5).total
    z = embedded(method, views)
    torch.manual_seed(5)
    directions = F.normalize(torch.randn(12, 16), dim=0)
    agreement = (z - z[:2].mean(dim=0)).square().mean()
    torch.testing.assert_close(agreement, prediction(z, 2))
    torch.testing.assert_close(total, 0.3 * sigreg(z, directions) + 0.7 * agreement)


@every_method
def test_a_vit_takes_small_crops(name: str) -> None:
    encoder = EncoderSpec(name="vit_tiny", patch=4, size=16)
    method: Any = methods.build(crop_spec(name, encoder))
    total = method(crops(), 0.5).total
    total.backward()
    assert bool(total.isfinite())
    assert method.encoder.body.pos_embed.grad.abs().sum() > 0
