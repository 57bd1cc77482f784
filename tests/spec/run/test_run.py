"""How many views a run may make, which masks fit them, what encoders and optimizers take."""

from typing import Any

import pytest
from pydantic import ValidationError

from datayield.spec.run.budget import Budget
from datayield.spec.run.encoder import EncoderSpec
from datayield.spec.run.method import METHOD_SPECS, SimMIMSpec
from datayield.spec.run.optim import OptimSpec
from datayield.spec.run.run import RunSpec
from datayield.spec.run.subset import Subset
from datayield.spec.run.views import ViewSpec, recipe

every_method = pytest.mark.parametrize("method", list(METHOD_SPECS))


def spec_with(method: str, *views: ViewSpec) -> RunSpec:
    return RunSpec(
        data=Subset(dataset="made", count=8, size=16),
        encoder=EncoderSpec(name="convnet", size=16),
        method=METHOD_SPECS[method](),
        views=views,
        optim=OptimSpec(lr=1e-3),
        budget=Budget(unit="images", amount=8),
    )


@every_method
@pytest.mark.parametrize("count", [2, 3, 16])
def test_two_to_sixteen_views(method: str, count: int) -> None:
    assert spec_with(method, ViewSpec(count=count, size=16)).view_count == count
    pair = ViewSpec(count=count - 1, size=16, blur=0.5), ViewSpec(count=1, size=16)
    assert spec_with(method, *pair).view_count == count


@every_method
@pytest.mark.parametrize(
    ("views", "says"),
    [
        ((ViewSpec(count=17, size=16),), "takes [12] to 16 views, not 17"),
    ],
)
def test_other_views_are_refused(method: str, views: tuple[ViewSpec, ...], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        spec_with(method, *views)


@pytest.mark.parametrize("method", [name for name in METHOD_SPECS if name != "simmim"])
def test_one_view_is_too_few_to_compare(method: str) -> None:
    with pytest.raises(ValidationError, match="at least two views"):
        spec_with(method, ViewSpec(count=1, size=16))


def test_one_view_is_enough_to_mask() -> None:
    assert spec_with("simmim", ViewSpec(count=1, size=16)).view_count == 1


VIT = {"name": "vit_tiny", "patch": 4, "size": 24}


@pytest.mark.parametrize(
    ("encoder", "size", "knobs", "says"),
    [
        (VIT, 24, {"mask_patch": 6}, "mask_patch 6 is not a multiple of 4 px, the patch of vit_ti"),
        ({**VIT, "name": "viny"}, 24, {"mask_patch": 2}, "mask_patch 2 .* the patch of viny"),
        ({"name": "convnet", "size": 24}, 24, {"mask_patch": 12}, "stride of the last map of conv"),
        ({"name": "resnet18", "stem": "cifar", "size": 24}, 24, {"mask_patch": 4}, "8 px, the str"),
        ({"name": "resnet18", "stem": "imagenet", "size": 64}, 64, {}, "mask_patch 8 .* of 32 px"),
        (
            {"name": "timm/resnet26", "size": 32},
            32,
            {},
            "does not support the tokens of timm/resnet",
        ),
        (VIT, 24, {"mask_patch": 16}, "views of 24 px do not divide into mask_patch 16"),
        (VIT, 24, {"mask_patch": 24}, "ratio 0.6 hides all of a view: 24 px are 1 squares"),
        (VIT, 24, {"mask_patch": 12, "ratio": 0.8}, "4 squares of mask_patch 12"),
    ],
)
def test_masks_that_do_not_fit_are_refused(
    encoder: dict[str, Any], size: int, knobs: dict[str, Any], says: str
) -> None:
    def spec(**changed: Any) -> RunSpec:
        return RunSpec(
            data=Subset(dataset="made", count=8, size=size),
            encoder=EncoderSpec.model_validate(encoder),
            method=SimMIMSpec(**{**knobs, **changed}),
            views=(ViewSpec(size=size),),
            optim=OptimSpec(lr=1e-3),
            budget=Budget(unit="images", amount=8),
        )

    with pytest.raises(ValidationError, match=says):
        spec()
    if encoder is VIT:
        assert spec(mask_patch=8, ratio=0.6).id != spec(mask_patch=4, ratio=0.6).id


@pytest.mark.parametrize("ratio", [0.0, 1.0, -0.1])
def test_a_ratio_is_a_share(ratio: float) -> None:
    with pytest.raises(ValidationError, match="ratio"):
        SimMIMSpec(ratio=ratio)


@pytest.mark.parametrize("name", ["convnet", "resnet18", "timm/resnet26"])
def test_pooling_is_for_vits(name: str) -> None:
    stem = {"stem": "cifar"} if name == "resnet18" else {}
    with pytest.raises(ValidationError, match=f"pool does not apply to {name}"):
        EncoderSpec.model_validate({"name": name, "size": 32, "pool": "avg", **stem})


def test_viny_needs_a_patch_that_divides_its_size() -> None:
    with pytest.raises(ValidationError, match="explicit patch"):
        EncoderSpec(name="viny", size=128)
    with pytest.raises(ValidationError, match="size 100 is not a multiple of patch 16"):
        EncoderSpec(name="viny", patch=16, size=100)


def views(*sizes: int) -> list[ViewSpec]:
    return [ViewSpec(size=size) for size in sizes]


@every_method
def test_small_views_beside_large_ones_are_for_some_methods(method: str) -> None:
    if METHOD_SPECS[method].takes_crops:
        spec = spec_with(method, *views(16, 16, 8))
        assert (spec.view_count, spec.large_views) == (3, 2)
    else:
        with pytest.raises(ValidationError, match="takes views of one size, not"):
            spec_with(method, *views(16, 16, 8))


@pytest.mark.parametrize("sizes", [(16, 8, 8), (8, 16, 16), (16, 8, 16)], ids=str)
def test_large_views_come_first_and_are_two_or_more(sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValidationError, match="two large views or more, then smaller ones"):
        spec_with("dino", *views(*sizes))


def test_small_views_of_a_vit_are_multiples_of_its_patch() -> None:
    spec = spec_with("dino", *views(16, 16)).model_dump()
    spec["encoder"] = {"name": "vit_tiny", "patch": 8, "size": 32}
    for small, fine in ((16, True), (12, False)):
        spec["views"] = tuple(view.model_dump() for view in views(32, 32, small))
        if fine:
            assert RunSpec.model_validate(spec).large_views == 2
        else:
            with pytest.raises(ValidationError, match="multiples of patch 8"):
                RunSpec.model_validate(spec)


def test_multicrop_has_two_large_and_six_of_half_the_side() -> None:
    assert [(view.size, view.count) for view in recipe("multicrop", 32)] == [
        (32, 1), (32, 1), (16, 6),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("knobs", "says"),
    [
        ({"name": "adamw", "momentum": 0.8}, "momentum applies to sgd and lars, not to adamw"),
        ({"name": "adam", "eta": 0.001}, "eta applies to lars, not to adam"),
        ({"name": "sgd", "trust_clip": False}, "trust_clip applies to lars, not to sgd"),
        ({"name": "lars", "betas": (0.9, 0.99)}, "betas applies to adamw and adam, not to lars"),
        ({"milestones": (0.5,)}, "milestones applies to step, not to cosine"),
        ({"schedule": "wsd", "gamma": 0.5}, "gamma applies to step, not to wsd"),
        (
            {"schedule": "constant", "final": 0.1},
            "final applies to cosine and wsd, not to constant",
        ),
        ({"schedule": "step"}, "step needs milestones"),
        ({"schedule": "step", "milestones": (0.9, 0.5)}, "rising shares"),
        ({"schedule": "step", "milestones": (0.05,)}, "after warmup"),
        ({"schedule": "step", "milestones": (1.5,)}, "less than or equal to 1"),
        ({"bias_lr": 0.0}, "greater than 0"),
        ({"weight_decay_end": 0.4}, "weight_decay_end needs a weight_decay to start from"),
        ({"clip_per": "parameter"}, "clip_per needs clip"),
        ({"clip": 1.0, "clip_per": "layer"}, "'model' or 'parameter'"),
    ],
    ids=str,
)
def test_knobs_of_another_optimizer_or_schedule_are_refused(
    knobs: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValidationError, match=says):
        OptimSpec.model_validate({"lr": 0.1, **knobs})


def test_knobs_that_apply_are_taken_and_read_back() -> None:
    for knobs in (
        {"name": "lars", "eta": 0.001, "trust_clip": False, "bias_lr": 0.024, "momentum": 0.8},
        {"name": "adam", "betas": (0.8, 0.9), "schedule": "step", "milestones": (0.5, 1.0)},
        {"schedule": "step", "warmup": 0.0, "milestones": (0.01,), "gamma": 0.5},
        {"weight_decay": 0.04, "weight_decay_end": 0.4, "clip": 3.0, "clip_per": "parameter"},
    ):
        made = OptimSpec.model_validate({"lr": 0.1, **knobs})
        assert OptimSpec.model_validate_json(made.model_dump_json()) == made
        assert all(getattr(made, knob) == value for knob, value in knobs.items())
