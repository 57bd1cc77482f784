"""The plan says what is missing and why, from names in the store alone."""

from pathlib import Path

import pytest
import yaml

from datayield.spec.atomic_files import write_json
from datayield.spec.errors import StoreError
from datayield.spec.run.run import RunSpec
from datayield.spec.study.cell import Cell
from datayield.spec.study.study import Study
from datayield.spec.validate import validated
from datayield.store.disk_usage import checkpoint_bytes
from datayield.store.folders import Store
from datayield.store.plan import Plan, Task, make_plan
from datayield.store.run_lock import run_lock
from datayield.store.speeds import Speeds, eval_key, speed_key
from tests.made_study import BASE

TEXT = (
    BASE
    + """  batch: 32
  budget: {images: 2000}
axes: {data.count: [100, 1000], seed: [0]}
evaluations:
  - {name: category, protocol: linear@1, dataset: sprites, label: category, at: [0.5, 1.0]}
"""
)


@pytest.fixture
def study() -> Study:
    return validated(Study, yaml.safe_load(TEXT), where="test")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("DATAYIELD_CACHE", str(tmp_path / "cache"))
    return Store(tmp_path / "store")


def _plan(study: Study, store: Store) -> Plan:
    return make_plan(study, study.cells({}), store, Speeds("cpu"))


def _first_run(plan: Plan) -> Task:
    return next(task for task in plan.tasks if isinstance(task.spec, RunSpec))


def _touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}")


def _finish(store: Store, task: Task) -> None:
    folder = store.run(task.spec.id)
    _touch(folder.path / "spent.json")
    for share in task.shares:
        _touch(folder.checkpoint(share))
    for share, ev in task.evals:
        _touch(folder.result(share, ev.id))


def test_all_is_missing_at_first_baselines_included(study: Study, store: Store) -> None:
    plan = _plan(study, store)
    assert [t.label for t in plan.tasks] == [
        "raw pixels", "untrained convnet seed 0",
        "simclr n=100 C=2k seed 0", "simclr n=1k C=2k seed 0",
    ]  # fmt: skip
    assert [t.state for t in plan.tasks] == ["evaluate", "evaluate", "missing", "missing"]
    assert _first_run(plan).shares == (0.5, 1.0)
    assert plan.tasks[0].shares == (0.0,)
    assert plan.estimate is None


def test_finished_work_is_not_planned_again(study: Study, store: Store) -> None:
    for task in _plan(study, store).tasks:
        _finish(store, task)
    plan = _plan(study, store)
    assert plan.todo == []
    assert plan.estimate is not None
    assert plan.estimate.likely == 0


def test_a_seed_or_an_evaluation_added_plans_only_what_is_new(study: Study, store: Store) -> None:
    for task in _plan(study, store).tasks:
        _finish(store, task)
    raw = yaml.safe_load(TEXT)
    raw["axes"]["seed"] = [0, 1]
    more = _plan(validated(Study, raw, where="test"), store)
    assert {t.spec.seed for t in more.todo} == {1}
    assert len(more.todo) == 3
    raw = yaml.safe_load(TEXT)
    raw["evaluations"].append({"name": "near", "protocol": "knn@1", "dataset": "sprites"})
    more = _plan(validated(Study, raw, where="test"), store)
    assert {t.state for t in more.tasks} == {"evaluate"}
    assert {len(t.pending) for t in more.tasks} == {1}
    assert all("near (knn@1)" in t.why for t in more.tasks)


def test_a_renamed_evaluation_is_the_same_evaluation(study: Study, store: Store) -> None:
    for task in _plan(study, store).tasks:
        _finish(store, task)
    renamed = yaml.safe_load(TEXT.replace("name: category", "name: shape"))
    assert _plan(validated(Study, renamed, where="test"), store).todo == []


def test_partial_failed_and_held_runs_say_so(study: Study, store: Store) -> None:
    run = _first_run(_plan(study, store))
    folder = store.run(run.spec.id)
    _touch(folder.state)
    write_json(folder.path / "progress.json", {"step": 31, "steps": 62})
    task = _first_run(_plan(study, store))
    assert (task.state, task.why, task.share_left) == (
        "partial", "stopped at 50% of the budget", 0.5,
    )  # fmt: skip
    write_json(folder.failure, {"message": "the loss is nan\nmore"})
    task = _first_run(_plan(study, store))
    assert (task.state, task.why) == ("failed", "failed: the loss is nan")
    with run_lock(folder.path):
        assert _first_run(_plan(study, store)).state == "running"


def test_a_share_that_was_not_kept_is_replayed(study: Study, store: Store) -> None:
    task = _first_run(_plan(study, store))
    _finish(store, task)
    raw = yaml.safe_load(TEXT)
    raw["evaluations"][0]["at"] = [0.25, 1.0]
    again = _first_run(_plan(validated(Study, raw, where="test"), store))
    assert again.share_left == 1.0
    assert "no checkpoint at 25%" in again.why


def test_estimates_use_runs_before_measurements_before_scaling(study: Study, store: Store) -> None:
    cell: Cell = study.cells({})[0]
    images = cell.run.steps * cell.run.batch
    speeds = Speeds("cpu")
    for task in _plan(study, store).tasks:
        for _, ev in task.evals:
            speeds.add(eval_key(task.spec.encoder, ev), 0.0, "measured")
    speeds.add("another kind of run", 2e-3, "run", flops=1e9)
    scaled = _first_run(_plan(study, store)).estimate
    assert scaled is not None
    assert scaled.basis == "scaled"
    speeds.add(speed_key(cell.run), 1e-3, "measured")
    measured = _first_run(_plan(study, store)).estimate
    assert measured is not None
    assert measured.basis == "measured"
    assert measured.likely == pytest.approx(1e-3 * images)
    speeds.add(speed_key(cell.run), 4e-3, "run")
    runs = _first_run(_plan(study, store)).estimate
    assert runs is not None
    assert runs.likely == pytest.approx(4e-3 * images)
    assert runs.low < runs.likely < runs.high


def test_checkpoints_are_counted(study: Study, store: Store) -> None:
    params, head = 388_896, 256 * 64 + 64 * 64

    assert checkpoint_bytes(_plan(study, store)) == 4 * (4 * (params + head) + 3 * (params + head))


def test_damaged_and_foreign_records_are_named(study: Study, store: Store) -> None:
    run = _first_run(_plan(study, store))
    folder = store.run(run.spec.id)
    folder.write_spec(run.spec)
    folder.write_spec(run.spec)
    (folder.path / "spent.json").write_text("{ half")
    with pytest.raises(StoreError, match=r"spent\.json"):
        folder.run_cost()
    (folder.path / "spent.json").write_text('{"seconds": 3}')
    with pytest.raises(StoreError, match="incompatible version"):
        folder.run_cost()
    write_json(folder.path / "spec.json", {"edited": True})
    with pytest.raises(StoreError, match="does not hold the run"):
        folder.write_spec(run.spec)


def test_a_teacher_is_kept_beside_the_moments(study: Study, store: Store) -> None:
    raw = yaml.safe_load(TEXT)
    raw["base"]["method"] = {"name": "byol", "projector": [64, 32], "predictor": 48}
    raw["base"]["optim"]["name"] = "lars"
    params, projector, predictor = 388_896, 256 * 64 + 64 * 32, 2 * 32 * 48
    trained, teacher = params + projector + predictor, params + projector
    plan = _plan(validated(Study, raw, where="test"), store)
    assert checkpoint_bytes(plan) == 4 * (4 * teacher + 2 * trained + teacher)
