"""Mappings laid over one another become runs: each looked at once, with the same outcome."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from datayield.spec.errors import ConfigError
from datayield.spec.run.budget import Budget
from datayield.spec.run.method import BYOLSpec
from datayield.spec.run.run import RunSpec
from datayield.spec.run.split_listing import Listing
from datayield.spec.run.subset import Subset
from datayield.spec.study.expand import resolve
from datayield.spec.study.find import shipped_studies
from datayield.spec.study.layers import copied
from datayield.spec.study.load import load_study
from datayield.spec.study.study import Study
from datayield.spec.validate import validated
from tests.made_study import study_of


@pytest.mark.parametrize("path", shipped_studies(), ids=lambda path: path.stem)
def test_a_resolved_run_is_what_its_own_json_says(path: Path) -> None:
    """What is not validated again (all but data, budget and trunk) would not have changed."""
    study = load_study(str(path), None)
    here = {pair: Listing(f"{pair}", 10**7) for pair in study.splits()}
    runs = {run.id: run for cell in study.cells(here) for run in cell.run.chain}
    for run in list(runs.values())[:: max(1, len(runs) // 40)]:
        again = validated(RunSpec, run.model_dump(mode="json"), where="again")
        assert (again, again.id, hash(again)) == (run, run.id, hash(run))


def test_what_is_changed_is_validated() -> None:
    study = validated(Study, study_of({"data.count": [100]}), where="test")
    (cell,) = study.cells({})
    data = Subset(dataset="made", skip=10)
    asked = {"data": data, "budget": Budget(unit="epochs", amount=1)}
    with pytest.raises(ConfigError, match=r"data\.count"):
        resolve(cell.run.model_copy(update=asked), {("made", "train"): Listing("made", 10)})


def test_a_copy_shares_nothing_that_can_change() -> None:
    raw: dict[str, Any] = {"a": [{"b": 1}], "day": date(2025, 1, 1)}
    made = copied(raw)
    made["a"][0]["b"] = 2
    made["a"].append(3)
    assert raw == {"a": [{"b": 1}], "day": date(2025, 1, 1)}
    assert made == {"a": [{"b": 2}, 3], "day": date(2025, 1, 1)}


def test_an_arm_is_laid_under_the_run() -> None:
    """Both name their part of the run, and where they disagree `run` has the last word."""
    arms = [
        {"name": "A", "method": {"name": "simclr"}, "batch": 64, "optim": {"lr": 0.5}},
        {"name": "B", "recipe": "small", "method": {"name": "byol", "predictor": 99}},
    ]
    runs = [{"name": "few", "data": {"count": 100}}, {"name": "own batch", "batch": 20}]
    raw = study_of({"arm": arms, "run": runs})
    study = validated(Study, raw, where="test")
    cells = study.cells({("sprites", "train"): Listing("sprites", 1000)})
    told = {cell.axes_label: cell.run for cell in cells}
    assert list(told) == ["A, few", "A, own batch", "B, few", "B, own batch"]
    assert [run.batch for run in told.values()][:2] == [64, 20]
    assert told["A, few"].optim.lr == 0.5
    assert told["A, few"].data.count == 100
    byol = told["B, few"].method
    assert isinstance(byol, BYOLSpec)
    assert (byol.predictor, byol.momentum) == (99, 0.99)
