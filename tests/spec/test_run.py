"""How many views a run may make of an image, and which knobs an optimizer takes."""

from typing import Any

import pytest
from pydantic import ValidationError

from datayield.spec.budget import Budget
from datayield.spec.method import METHOD_SPECS
from datayield.spec.run import EncoderSpec, OptimSpec, RunSpec, Subset
from datayield.spec.views import ViewSpec

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
        ((ViewSpec(count=1, size=16),), "at least two views"),
        ((ViewSpec(count=17, size=16),), "takes 2 to 16 views, not 17"),
        ((ViewSpec(count=2, size=16), ViewSpec(count=2, size=8)), "views of one size"),
    ],
)
def test_other_views_are_refused(method: str, views: tuple[ViewSpec, ...], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        spec_with(method, *views)


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
    ):
        made = OptimSpec.model_validate({"lr": 0.1, **knobs})
        assert OptimSpec.model_validate_json(made.model_dump_json()) == made
        assert all(getattr(made, knob) == value for knob, value in knobs.items())
