"""Runs that start from other runs: as written, as resolved, as named, and as planned."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from datayield.spec.errors import ConfigError
from datayield.spec.run.run import RunSpec, Stage
from datayield.spec.study.study import Study
from datayield.spec.validate import validated
from datayield.store.folders import Store
from datayield.store.plan import Plan, make_plan
from datayield.store.speeds import Speeds
from tests.stored import archive, run_cost, trained

TEXT = """
study: chain
base:
  data: {dataset: digits, size: 16}
  encoder: {name: convnet, size: 16, width: 4}
  views: {recipe: simmim}
  method: {name: supervised, label: digit, classes: 10}
  optim: {lr: 0.001}
  batch: 32
  budget: {epochs: 2}
axes:
  init:
    - null
    - {method: {name: simmim}, data: {count: 100}, budget: {epochs: 3}}
    - {method: {name: simmim}, data: {count: 200}, budget: {epochs: 3}}
  data.count: [50]
  seed: [0, 1]
evaluations:
  - {name: digit, protocol: finetune@1, dataset: digits, label: digit, size: 16, epochs: 1}
"""


def _study(**axes: Any) -> Study:
    raw = yaml.safe_load(TEXT)
    raw["axes"] |= axes
    return validated(Study, raw, where="test")


def _plan(study: Study, store: Path) -> Plan:
    return make_plan(study, study.cells({}), Store(store), Speeds("cpu"))


def test_the_earlier_run_is_the_base_with_what_differs() -> None:
    cells = _study().cells({})
    before = [cell.run.before for cell in cells]
    assert before[:2] == [None, None]
    for run, count, seed in zip(before[2:], (100, 100, 200, 200), (0, 1, 0, 1), strict=True):
        assert run is not None
        assert (run.method.name, run.data.count, run.images) == ("simmim", count, 3 * count)
        assert (run.seed, run.data.seed, run.before) == (seed, seed, None)
        assert run.encoder == cells[0].run.encoder
    assert [cell.axes_label for cell in cells[::2]] == [
        "init=null",
        "init=simmim n=100",
        "init=simmim n=200",
    ]


def test_ids_hold_the_whole_chain() -> None:
    base = {"method": {"name": "simmim"}, "data": {"count": 100}, "budget": {"epochs": 3}}
    middle = {"data": {"count": 60}, "budget": {"epochs": 1}}
    inits = [None, base, middle, {**middle, "init": base},
             {**middle, "init": {**base, "optim": {"lr": 2e-3}}}]  # fmt: skip
    named = [init and {**init, "name": f"v{i}"} for i, init in enumerate(inits)]
    cells = _study(init=named, seed=[0]).cells({})
    assert len({cell.run.id for cell in cells}) == 5
    assert [len(cell.run.chain) for cell in cells] == [1, 2, 2, 3, 3]
    longest = cells[3].run
    assert [run.method.name for run in longest.chain] == ["simmim", "supervised", "supervised"]
    assert longest.chain[0].id == cells[1].run.chain[0].id  # done once
    assert RunSpec.model_validate_json(longest.model_dump_json()).id == longest.id
    assert [cell.axes_label for cell in cells] == [
        "init=null",
        *(f"init=v{i}" for i in range(1, 5)),
    ]
    (unnamed,) = _study(init=[inits[3]], seed=[0]).cells({})
    assert unnamed.axes_label == "init=simmim n=100 > supervised n=60"


def test_values_that_read_alike_are_refused() -> None:
    long = {"method": {"name": "simmim"}, "data": {"count": 100}, "budget": {"epochs": 9}}
    with pytest.raises(ConfigError, match="have the same label"):
        _study(init=[{**long, "budget": {"epochs": 3}}, long]).cells({})


def test_another_encoder_is_refused() -> None:
    init = {"method": {"name": "simmim"}, "encoder": {"width": 8}, "data": {"count": 100}}
    with pytest.raises(ConfigError, match=r"same encoder, not name=convnet.*width=8.*width=4"):
        _study(init=[init]).cells({})


def test_an_earlier_run_is_checked_like_any_other() -> None:
    with pytest.raises(ConfigError, match=r"(?s)init.*bacth.*did you mean 'batch'"):
        _study(init=[{"bacth": 3}]).cells({})
    with pytest.raises(ConfigError, match="did you mean 'pretrained'"):
        _study(init=["pretraned"]).cells({})


def test_an_axis_may_lay_over_the_whole_run() -> None:
    simmim = {"method": {"name": "simmim"}, "data": {"count": 100}, "budget": {"epochs": 3}}
    raw = yaml.safe_load(TEXT)
    raw["axes"] = {
        "run": [{"name": "labels", "data": {"count": 50}}, {"name": "simmim", **simmim},
                {"name": "both", "data": {"count": 50}, "init": simmim}],
        "seed": [0],
    }  # fmt: skip
    cells = validated(Study, raw, where="test").cells({})
    assert [cell.axes_label for cell in cells] == ["labels", "simmim", "both"]
    assert [cell.run.method.name for cell in cells] == ["supervised", "simmim", "supervised"]
    assert cells[2].run.before == cells[1].run
    assert isinstance(cells[2].run.init, Stage)


def test_splits_include_those_of_earlier_runs() -> None:
    init = {"method": {"name": "simmim"}, "data": {"dataset": "sprites"},
            "init": {"data": {"dataset": "mine", "split": "val"}}}  # fmt: skip
    assert _study(init=[None, init]).splits() == {
        ("digits", "train"), ("digits", "test"), ("sprites", "train"), ("mine", "val")
    }  # fmt: skip


def test_earlier_runs_are_tasks_done_once_and_first(tmp_path: Path) -> None:
    study = _study(**{"data.count": [50, 60], "seed": [0]})
    plan = _plan(study, tmp_path)
    labels = [task.label for task in plan.tasks if isinstance(task.spec, RunSpec)]
    assert labels == [
        "supervised n=50 C=100 seed 0 init=null", "supervised n=60 C=120 seed 0 init=null",
        "simmim n=100 C=300 seed 0", "supervised n=50 C=100 seed 0 init=simmim n=100",
        "supervised n=60 C=120 seed 0 init=simmim n=100",
        "simmim n=200 C=600 seed 0", "supervised n=50 C=100 seed 0 init=simmim n=200",
        "supervised n=60 C=120 seed 0 init=simmim n=200",
    ]  # fmt: skip
    simmim = next(task for task in plan.tasks if task.label.startswith("simmim"))
    assert simmim.shares == (1.0,)
    assert simmim.evals == ()
    assert plan.tasks[0].label == "untrained convnet seed 0"  # pixels cannot be trained on


def test_an_earlier_run_is_wanted_only_by_what_is_to_be_trained(tmp_path: Path) -> None:
    store, study = Store(tmp_path), _study(seed=[0], init=_study().axes["init"][1:2])

    def simmim() -> str:
        return next(t.state for t in _plan(study, tmp_path).tasks if t.label.startswith("simmim"))

    cell = study.cells({})[0]
    earlier, later = cell.run.chain
    assert simmim() == "missing"
    store.run(earlier.id).write_run_cost(run_cost())
    assert simmim() == "missing"  # its encoder is not there
    archive(store.run(earlier.id).checkpoint(1.0))
    assert simmim() == "done"
    store.run(earlier.id).checkpoint(1.0).unlink()
    trained(store.run(later.id), 1.0)
    assert simmim() == "done"  # no one needs it any more


def test_trainings_are_estimated_by_their_arithmetic(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("DATAYIELD_CACHE", str(tmp_path / "cache"))
    from datayield.spec.run.cost import encoder_macs
    from datayield.store.estimate import evaluation

    speeds = Speeds("cpu")
    speeds.add("another kind of run", 1.0, "run", flops=1e9)
    cell = _study().cells({})[0]
    ev = (
        _study()
        .evaluations[0]
        .spec.model_copy(update={"train_count": 100, "test_count": 50, "epochs": 7})
    )
    estimate = evaluation(cell.run.encoder, ev, speeds, {})
    macs = encoder_macs(cell.run.encoder, 16)
    assert estimate is not None
    assert macs is not None
    assert estimate.likely == pytest.approx((6 * 100 * 7 + 2 * 50) * macs / 1e9)
