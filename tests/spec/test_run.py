"""How many views a run may make of an image."""

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
