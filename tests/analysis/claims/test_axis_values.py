"""Claims find the values of axes however a study writes them, or as tables show them."""

from dataclasses import replace
from typing import Any

import pytest

from datayield.spec.study.study import Study
from datayield.spec.validate import validated
from tests.analysed import verdicts_of
from tests.planted import planted

DIVERSE = {"by": "diverse", "pool": 2000}
BASE = {
    "data": {"dataset": "sprites", "size": 32, "count": 1000},
    "optim": {"lr": 0.001, "schedule": "constant"},
}
TO_WEIGHTS = {"weights": "./enc"}
SCORES = [0.5, 0.6]  # of the first value and the second


def _verdicts(axis: str, values: list[Any], *claims: dict[str, Any], **more: Any) -> list[Any]:
    """Of claims on a study where the second value of the axis is better by 10 points."""
    axes = {axis: values, "encoder.width": [8, 16], "seed": [0, 1, 2]}
    scores = iter([score for score in SCORES for _ in range(6)])
    results = planted(axes, lambda run, share: next(scores), **BASE)
    common = {"says": "", "cites": "", "test": "gain", "of": "category"}
    raw = results.study.model_dump(mode="json")
    raw |= {"claims": [common | {"id": f"C{i}"} | claim for i, claim in enumerate(claims)]}
    return verdicts_of(replace(results, study=validated(Study, raw, where="planted"), **more))


AXES: dict[str, tuple[list[Any], list[Any]]] = {
    "data.select": (["random", DIVERSE], [DIVERSE, "diverse (pool 2000)", "last"]),
    "init": ([None, TO_WEIGHTS], [TO_WEIGHTS, "enc", "last"]),
    "optim.lr": ([0.5, 1.0], [1.0, 1, "last"]),
    "optim.trunk": ([None, {"images": 4000}], [{"images": 4000}, "4k images", "last"]),
    "budget": (
        [{"images": 1000}, {"images": 2000}],
        [{"images": 2000}, "2k images", "2000 images", "last"],
    ),
}


@pytest.mark.parametrize("axis", AXES)
def test_a_value_is_found_however_it_is_written(axis: str) -> None:
    values, ways = AXES[axis]
    gains = [{"over": axis, "from": values[0], "to": way} for way in ways]
    whole, part = {"over": axis, "each": ["encoder.width"]}, {"where": {axis: values[1]}}
    for verdict in _verdicts(axis, values, *gains, whole):
        assert verdict.verdict == "reproduced", verdict.evidence
        assert verdict.effect == pytest.approx(10, abs=0.5)
    along = {"over": "encoder.width"}
    for verdict in _verdicts(axis, values, along | part, along | {"each": [axis]}):
        assert verdict.effect == pytest.approx(0, abs=0.5), verdict.evidence


def test_an_earlier_run_is_found_as_it_is_written_and_as_tables_show_it() -> None:
    earlier = {"method": {"name": "simmim"}, "data": {"count": 500}}
    ways = [earlier, {"method": "simmim", "data": {"count": 500}}, "simmim n=500", "last"]
    gains = [{"over": "init", "from": "first", "to": way} for way in ways]
    for verdict in _verdicts("init", [None, earlier], *gains, init_words=("null", "simmim n=500")):
        assert verdict.verdict == "reproduced", verdict.evidence
