"""A value counts once on its axis, however it is written."""

from typing import Any

import pytest

from datayield.spec.errors import ConfigError
from datayield.spec.run import Listing
from datayield.spec.study.confounds import confounds
from datayield.spec.study.repeated import repeated, same_runs
from datayield.spec.study.study import Study
from datayield.spec.validate import validated
from tests.made_study import study_of

HERE = {("sprites", "train"): Listing("made", 1000)}


def _study(axes: dict[str, Any]) -> Study:
    return validated(Study, study_of(axes), where="test")


def test_equal_values_are_found_however_written() -> None:
    assert repeated([0, 0]) == (1, 2)
    assert repeated([100, 7, 100.0]) == (1, 3)
    assert repeated([{"images": 64e3}, {"images": 64000}]) == (1, 2)
    assert repeated([{"a": 1, "b": 2}, {"b": 2, "a": 1}]) == (1, 2)
    assert repeated([True, 1, "1", None, 0, False]) is None


@pytest.mark.parametrize(
    "axes",
    [{"seed": [0, 0]}, {"data.count": [100, 100.0]}, {"optim.lr": [0.1, 1.0, 1]}],
    ids=str,
)
def test_a_repeated_value_is_refused(axes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="duplicate value"):
        _study(axes)


def test_two_values_that_give_the_same_runs_are_refused() -> None:
    study = _study({"data.count": ["all", 1000], "seed": [0, 1]})
    with pytest.raises(ConfigError, match=r"duplicate values on axes\.data\.count"):
        study.cells(HERE)
    assert study.cells({("sprites", "train"): Listing("made", 2000)})


def test_curves_that_meet_are_fine_and_equal_budgets_are_noted() -> None:
    budgets = [{"epochs": 10}, {"images": 10_000}]
    study = _study({"data.count": [500, 1000], "budget": budgets})
    assert not [x for x in confounds(study, study.cells(HERE)) if "the same runs" in x]
    study = _study({"data.count": [1000], "budget": budgets})
    assert [x for x in confounds(study, study.cells(HERE)) if "axes.budget" in x]


def test_values_are_compared_at_all_other_values() -> None:
    axes = {"a": [1, 2], "b": ["x", "y"]}
    assert not same_runs(axes, ["1x", "1y", "1x", "2y"])
    (same,) = same_runs(axes, ["1x", "1y", "1x", "1y"])
    assert (same.axis, same.first, same.second) == ("a", 1, 2)


def test_too_many_combinations_are_refused_before_they_are_made() -> None:
    with pytest.raises(ConfigError, match="1,000,000 combinations"):
        _study({"data.count": list(range(1, 1001)), "seed": list(range(1000))})
