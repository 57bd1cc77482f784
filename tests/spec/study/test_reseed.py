"""Runs of further seeds, made from the first two, are those that the study declares."""

from typing import Any

import pytest

from datayield.spec.study.study import Study
from datayield.spec.validate import validated
from tests.made_study import study_of

SEEDS = [3, 1, 4, 15, 9]


def _study(axes: dict[str, Any], **base: Any) -> Study:
    raw = study_of(axes)
    raw["base"] |= base
    return validated(Study, raw, where="made")


@pytest.mark.parametrize(
    "base",
    [
        {},
        {"data": {"dataset": "sprites", "size": 32, "seed": 7}},
        {"data": {"dataset": "sprites", "size": 32, "seed": SEEDS[0]}},
        {
            "data": {
                "size": 32,
                "parts": {
                    "A": {"dataset": "sprites", "count": 60},
                    "B": {"dataset": "sprites", "count": 40, "seed": SEEDS[0]},
                },
            }
        },
        {
            "init": {
                "data": {"count": 90},
                "method": {"name": "barlow_twins"},
                "budget": {"images": 640},
            }
        },
    ],
)
def test_each_run_is_that_of_a_study_of_its_seed_alone(base: dict[str, Any]) -> None:
    sizes = [] if "parts" in base.get("data", {}) else [100, 200]
    more = {"data.count": sizes} if sizes else {"optim.lr": [0.001, 0.01]}
    cells = _study({**more, "seed": SEEDS}, **base).cells({})
    for seed in SEEDS:
        alone = _study({**more, "seed": [seed]}, **base).cells({})
        mine = [cell for cell in cells if cell.axes["seed"] == seed]
        assert [c.run for c in mine] == [c.run for c in alone]
        assert [c.run.id for c in mine] == [c.run.id for c in alone]
        assert [c.axes for c in mine] == [c.axes for c in alone]


def test_a_copy_with_another_field_has_another_id() -> None:
    (cell,) = _study({"data.count": [100]}).cells({})
    before = cell.run.id
    again = cell.run.model_copy(update={"seed": 5})
    assert again.id != before
    assert cell.run.model_copy().id == before
