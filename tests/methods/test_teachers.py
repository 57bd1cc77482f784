"""BYOL, MoCo v3 and DINO: what they say, who is trained, how the teacher follows."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from datayield import methods
from datayield.maths.contrastive import info_nce
from datayield.maths.distillation import dino, regression
from datayield.maths.schedules import ramp
from datayield.nets import encoder as encoders
from datayield.optim.build import build as build_optimizer
from datayield.spec.run.encoder import EncoderSpec
from datayield.spec.run.optim import OptimSpec
from tests.methods.test_methods import batch, run_spec

NAMES = ["byol", "moco_v3", "dino"]
every_teacher = pytest.mark.parametrize("name", NAMES)


def students(method: Any) -> list[Tensor]:
    """The parameters that the teacher copies, in its order."""
    parts = [method.encoder, method.projector]
    parts += [method.prototypes] if hasattr(method, "prototypes") else []
    return [p for part in parts for p in part.parameters()]


def said(method: Any, views: list[Tensor]) -> tuple[Tensor, Tensor]:
    """What student and teacher say of each view [V, B, D], with BatchNorm view by view."""
    if hasattr(method, "prototypes"):
        head, together = nn.Sequential(method.projector, method.prototypes), torch.cat(views)
        shape = len(views), len(views[0]), -1
        return head(method.encoder(together)).view(shape), method.teacher(together).view(shape)
    ours = [method.predictor(method.projector(method.encoder(view))) for view in views]
    return torch.stack(ours), torch.stack([method.teacher(view) for view in views])


@every_teacher
@pytest.mark.parametrize("count", [2, 3])
def test_the_loss_is_the_published_one_for_two_views_and_more(name: str, count: int) -> None:
    method: Any = methods.build(run_spec(name, views=count))
    views = batch(count)
    ours, theirs = said(method, views)
    want = {
        "byol": lambda: regression(ours, theirs),
        "moco_v3": lambda: info_nce(ours, theirs, 0.2),
        "dino": lambda: dino(ours, theirs, torch.zeros(48), 0.1, 0.07),
    }[name]()
    torch.testing.assert_close(method(views, 0.5).total, want)


@every_teacher
def test_the_loss_does_not_depend_on_which_view_comes_first(name: str) -> None:
    views = batch(3)
    one, other = methods.build(run_spec(name, views=3)), methods.build(run_spec(name, views=3))
    torch.testing.assert_close(one(views, 0.5).total, other(views[::-1], 0.5).total)


@every_teacher
def test_nothing_trains_the_teacher_but_the_average(name: str) -> None:
    method: Any = methods.build(run_spec(name, momentum=0.9))
    optimizer = build_optimizer(method, OptimSpec(lr=1e-2, weight_decay=0.1))
    trained = {id(p) for group in optimizer.param_groups for p in group["params"]}
    teacher = list(method.teacher.parameters())
    assert len(teacher) == len(students(method))
    assert trained == {id(p) for p in method.parameters()} - {id(p) for p in teacher}
    before = [p.clone() for p in teacher]
    method(batch(), 0.5).total.backward()
    optimizer.step()
    assert all(p.grad is None for p in teacher)
    assert all(torch.equal(a, b) for a, b in zip(teacher, before, strict=True))
    method.after_step(0.5)
    momentum = ramp(0.5, 0.9, 1.0)
    assert momentum == pytest.approx(0.95)
    for now, old, student in zip(teacher, before, students(method), strict=True):
        assert not torch.equal(old, student)
        torch.testing.assert_close(now, momentum * old + (1 - momentum) * student)


@every_teacher
def test_at_the_end_the_teacher_stands_still_and_its_norms_see_batches(name: str) -> None:
    method: Any = methods.build(run_spec(name))
    for p in students(method):
        nn.init.normal_(p)
    before = [p.clone() for p in method.teacher.parameters()]
    method.after_step(1.0)
    assert all(torch.equal(a, b) for a, b in zip(method.teacher.parameters(), before, strict=True))
    method.train()
    assert all(module.training for module in method.teacher.modules())


@every_teacher
def test_the_teacher_starts_as_the_student(name: str) -> None:
    method: Any = methods.build(run_spec(name))
    for a, b in zip(method.teacher.parameters(), students(method), strict=True):
        assert torch.equal(a, b)


def test_heads_of_byol_and_moco_v3_are_the_recipes() -> None:
    kinds = {
        name: [
            [type(layer).__name__ for layer in head]
            for head in (method.projector, method.predictor)
        ]
        for name in ("byol", "moco_v3")
        for method in [methods.build(run_spec(name))]
    }
    plain = ["Linear", "BatchNorm1d", "ReLU", "Linear"]
    assert kinds["byol"] == [plain, plain]
    assert kinds["moco_v3"] == [[*plain, "BatchNorm1d"], plain]
    method: Any = methods.build(run_spec("byol"))
    assert method.predictor[0].in_features == method.predictor[-1].out_features == 12
    assert method.predictor[0].out_features == 24


def test_moco_v3_freezes_a_vits_patches_and_ends_its_predictor_in_a_norm() -> None:
    spec = run_spec("moco_v3")
    vit = EncoderSpec(name="vit_tiny", patch=8, size=16)
    spec = spec.model_copy(update={"encoder": vit})
    method: Any = methods.build(spec)
    untrained = encoders.build(vit, spec.seed).state_dict()
    assert all(torch.equal(method.encoder.state_dict()[k], v) for k, v in untrained.items())
    assert type(method.predictor[-1]).__name__ == "BatchNorm1d"
    frozen = [n for n, p in method.encoder.named_parameters() if not p.requires_grad]
    assert frozen == ["body.patch_embed.proj.weight", "body.patch_embed.proj.bias"]
    method(batch(), 0.5).total.backward()
    assert method.encoder.body.patch_embed.proj.weight.grad is None
    assert method.encoder.body.pos_embed.grad is not None


@pytest.mark.parametrize("optimizer", ["adamw", "sgd", "lars"])
def test_dinos_prototypes_stand_still_for_their_share_of_the_budget(optimizer: Any) -> None:
    method: Any = methods.build(run_spec("dino", freeze=0.25))
    spec = OptimSpec(name=optimizer, lr=1e-2, weight_decay=0.1)
    steps = build_optimizer(method, spec)
    start = method.prototypes.weight.clone()
    for t in (0.0, 0.2, 0.25):
        assert torch.equal(method.prototypes.weight, start)
        steps.zero_grad(set_to_none=True)
        method(batch(), t).total.backward()
        steps.step()
    assert not torch.equal(method.prototypes.weight, start)


def test_dinos_centre_follows_the_teachers_mean_after_the_loss() -> None:
    method: Any = methods.build(run_spec("dino", centre_momentum=0.9))
    views = batch()
    teacher = said(method, views)[1]
    want = torch.zeros(48)
    for _ in range(2):
        ours, theirs = said(method, views)
        loss = method(views, 0.5).total
        torch.testing.assert_close(loss, dino(ours, theirs, want, 0.1, 0.07))
        want = 0.9 * want + 0.1 * teacher.mean(dim=(0, 1))
        torch.testing.assert_close(method.centre, want)
    method.eval()
    method(views, 0.5)
    torch.testing.assert_close(method.centre, want)
    assert "centre" in method.state_dict()


def test_dinos_teacher_warms_up() -> None:
    method: Any = methods.build(run_spec("dino", temperature_warmup=0.5, centre_momentum=1.0))
    views = batch()
    ours, theirs = said(method, views)
    for t, temperature in ((0.0, 0.04), (0.25, 0.055), (0.5, 0.07), (1.0, 0.07)):
        want = dino(ours, theirs, torch.zeros(48), 0.1, temperature)
        torch.testing.assert_close(method(views, t).total, want)


def test_byols_predictions_come_to_tell_an_image_from_others() -> None:
    method: Any = methods.build(run_spec("byol"))
    optimizer = build_optimizer(method, OptimSpec(lr=3e-3))

    def agreement() -> float:
        p, z = (x.detach() for x in said(method, batch()))
        a, b = (nn.functional.normalize(x - x.mean(0)) for x in (p[0], z[1]))
        cosine = a @ b.T
        return float(cosine.diagonal().mean() - cosine.mean())

    before = agreement()
    for _ in range(30):
        method(batch(), 0.5).total.backward()
        optimizer.step()
        optimizer.zero_grad()
        method.after_step(0.5)
    assert agreement() > before + 0.3
