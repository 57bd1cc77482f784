"""The plan says what is missing and why, from names in the store alone."""

import os
from pathlib import Path

import pytest
import yaml

from datayield.spec.evaluation import EvalItems
from datayield.spec.run.run import RunSpec
from datayield.spec.study.cell import Cell
from datayield.spec.study.study import Study
from datayield.spec.validate import validated
from datayield.store.disk_usage import checkpoint_bytes
from datayield.store.estimate import evaluation
from datayield.store.folders import Store
from datayield.store.plan import Plan, Task, make_plan
from datayield.store.records import FailureRecord, ResultRecord
from datayield.store.run_lock import run_lock
from datayield.store.speeds import Speeds, eval_key, speed_key
from tests.made_study import BASE
from tests.stored import archive, finish

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
        finish(store, task)
    plan = _plan(study, store)
    assert plan.todo == []
    assert plan.estimate is not None
    assert plan.estimate.likely == 0


def test_a_seed_or_an_evaluation_added_plans_only_what_is_new(study: Study, store: Store) -> None:
    for task in _plan(study, store).tasks:
        finish(store, task)
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
        finish(store, task)
    renamed = yaml.safe_load(TEXT.replace("name: category", "name: shape"))
    assert _plan(validated(Study, renamed, where="test"), store).todo == []


def test_partial_failed_and_held_runs_say_so(study: Study, store: Store) -> None:
    run = _first_run(_plan(study, store))
    folder = store.run(run.spec.id)
    archive(folder.state)
    folder.write_progress(31, 62)
    task = _first_run(_plan(study, store))
    assert (task.state, task.why, task.share_left) == (
        "partial", "stopped at 50% of the budget", 0.5,
    )  # fmt: skip
    failure = FailureRecord(message="the loss is nan\nmore", time=0.0, traceback="")
    folder.write_failure(failure)
    task = _first_run(_plan(study, store))
    assert (task.state, task.why) == ("failed", "failed: the loss is nan")
    with run_lock(folder.path):
        assert _first_run(_plan(study, store)).state == "running"


def test_a_share_that_was_not_kept_is_replayed(study: Study, store: Store) -> None:
    task = _first_run(_plan(study, store))
    finish(store, task)
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
    speeds.add("another kind of run", 2e-3, "run", 1e9, "resnet18")
    across = _first_run(_plan(study, store)).estimate
    assert across is not None
    assert (across.basis, across.donors) == ("across", {"resnet18"})
    assert across.high >= 16 * across.low  # seconds per FLOP were seen to differ by 4
    speeds.add("a third kind of run", 2e-3, "run", 1e9, cell.run.encoder.name)
    scaled = _first_run(_plan(study, store)).estimate
    assert scaled is not None
    assert (scaled.basis, scaled.donors) == ("scaled", {cell.run.encoder.name})
    assert scaled.high / scaled.low < across.high / across.low
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


def test_another_spec_is_kept_aside_and_written_again(study: Study, store: Store) -> None:
    run = _first_run(_plan(study, store))
    folder = store.run(run.spec.id)
    assert folder.write_spec(run.spec) == folder.write_spec(run.spec) == ""
    for wrong in ('{"edited": true}', "[1, 2]", "", "NaN"):
        (folder.path / "spec.json").write_text(wrong)
        assert "spec.json.damaged" in folder.write_spec(run.spec)
        assert folder.write_spec(run.spec) == ""
    assert (folder.path / "spec.json.damaged").read_text() == "NaN"


FOREIGN = [
    "", "null", "[]", '"text"', "{ half", '{"seconds": 3}', '{"seal": 3}', '{"seal": {}}',
    "[" * 100_000, "9" * 5000, "\x00" * 100, "\udcff",
]  # fmt: skip


@pytest.mark.parametrize("text", FOREIGN, ids=lambda text: repr(text[:12]))
def test_a_foreign_file_is_a_missing_record(study: Study, store: Store, text: str) -> None:
    task = _first_run(_plan(study, store))
    finish(store, task)
    folder, (share, ev) = store.run(task.spec.id), task.evals[0]
    folder.result(share, ev.id).write_bytes(text.encode("utf-8", "surrogateescape"))
    again = _first_run(_plan(study, store))
    assert (again.state, again.pending, again.share_left) == ("evaluate", task.evals[:1], 0.0)
    assert str(folder.result(share, ev.id)) in again.why
    assert folder.read_result(share, ev.id) is None
    for path in (folder.path / "spent.json", folder.path / "progress.json", folder.failure):
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    archive(folder.state)
    again = _first_run(_plan(study, store))
    assert (again.state, again.share_left) == ("missing", 1.0)
    assert "spent.json" in again.why


def test_a_record_of_another_place_or_with_a_flipped_bit_is_missing(
    study: Study, store: Store
) -> None:
    tasks = [task for task in _plan(study, store).tasks if isinstance(task.spec, RunSpec)]
    for task in tasks:
        finish(store, task)
    one, other = (store.run(task.spec.id) for task in tasks)
    (early, ev), (late, _) = tasks[0].evals
    whole = one.result(early, ev.id).read_bytes()
    for source in (other.result(early, ev.id), one.result(late, ev.id)):
        one.result(early, ev.id).write_bytes(source.read_bytes())
        assert not one.has_result(early, ev.id)
        assert "another run or milestone" in one.damaged(early, ev.id)
    for bit in range(0, 8 * len(whole), 37):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        one.result(early, ev.id).write_bytes(flipped)
        assert not one.has_result(early, ev.id)
        assert one.damaged(early, ev.id)
    for size in range(0, len(whole), 9):
        one.result(early, ev.id).write_bytes(whole[:size])
        assert not one.has_result(early, ev.id)
    one.result(early, ev.id).write_bytes(whole)
    assert one.has_result(early, ev.id)
    assert isinstance(one.read_result(early, ev.id), ResultRecord)


def test_folders_and_pipes_in_the_place_of_records_are_missing(study: Study, store: Store) -> None:
    task = _first_run(_plan(study, store))
    finish(store, task)
    folder = store.run(task.spec.id)
    (one, ev), (other, _) = task.evals
    for share in (one, other):
        folder.result(share, ev.id).unlink()
    folder.result(one, ev.id).mkdir()
    os.mkfifo(folder.result(other, ev.id))
    again = _first_run(_plan(study, store))
    assert again.pending == task.evals
    assert "not a readable file" in again.why


def test_a_teacher_is_kept_beside_the_moments(study: Study, store: Store) -> None:
    raw = yaml.safe_load(TEXT)
    raw["base"]["method"] = {"name": "byol", "projector": [64, 32], "predictor": 48}
    raw["base"]["optim"]["name"] = "lars"
    params, projector, predictor = 388_896, 256 * 64 + 64 * 32, 2 * 32 * 48
    trained, teacher = params + projector + predictor, params + projector
    plan = _plan(validated(Study, raw, where="test"), store)
    assert checkpoint_bytes(plan) == 4 * (4 * teacher + 2 * trained + teacher)


def test_a_probe_of_many_classes_takes_longer_than_one_of_few(study: Study) -> None:
    speeds = Speeds("cpu")
    speeds.add("a kind of run", 2e-3, "run", 1e9, "resnet18")
    ev = study.evaluations[0].spec.model_copy(update={"protocol": "linear@1"})
    few, many = (
        evaluation(None, ev, speeds, {ev.id: EvalItems(1000, 500, classes)})
        for classes in (10, 200)
    )
    assert few is not None
    assert many is not None
    assert 3 < many.likely / few.likely < 10  # 5.5 and 8.5 times the CPU time, as measured
