"""How many views a run may make of an image."""

from typing import get_args

import pytest
from pydantic import ValidationError

from datayield.spec.budget import Budget
from datayield.spec.method import METHOD_SPECS, WithCrops
from datayield.spec.run import EncoderSpec, OptimSpec, RunSpec, Subset
from datayield.spec.views import ViewSpec, recipe

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
    ],
)
def test_other_views_are_refused(method: str, views: tuple[ViewSpec, ...], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        spec_with(method, *views)


def views(*sizes: int) -> list[ViewSpec]:
    return [ViewSpec(size=size) for size in sizes]


@every_method
def test_small_views_beside_large_ones_are_for_some_methods(method: str) -> None:
    if METHOD_SPECS[method] in get_args(WithCrops):
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
