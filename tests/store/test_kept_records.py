"""Records that planning keeps: read once, the same as read again, and new ones found."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from datayield.analysis.results.collect import collect
from datayield.spec.atomic_files import read_bytes
from datayield.spec.run import RunSpec
from datayield.spec.study.study import Study
from datayield.spec.validate import validated
from datayield.store import sealed
from datayield.store.folders import Store
from datayield.store.kept_records import KeptRecords
from datayield.store.plan import make_plan
from datayield.store.speeds import Speeds
from tests.made_study import BASE
from tests.stored import finish, result, run_cost

TEXT = (
    BASE
    + """  batch: 32
axes: {data.count: [100, 200], seed: [0, 1], budget: [{images: 2000}]}
evaluations:
- {name: category, protocol: linear@1, dataset: sprites, label: category, at: [0.5, 1.0]}
"""
)


def test_results_of_a_plan_that_keeps_records_read_each_of_them_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, store = validated(Study, yaml.safe_load(TEXT), where="test"), Store(tmp_path)
    cells = study.cells({})
    every = make_plan(study, cells, store, Speeds("test")).tasks
    for task in every[:-1]:
        finish(store, task)
    opened: Counter[str] = Counter()

    def counted(path: Path | str) -> bytes | None:
        data = read_bytes(path)
        opened[str(path)] += data is not None
        return data

    monkeypatch.setattr(sealed, "read_bytes", counted)
    plan = make_plan(study, cells, store, Speeds("test"), keep=True)
    kept = collect(study, cells, plan, store)
    assert set(opened.values()) == {0, 1}  # 0: what is missing
    assert opened.total() == sum(len(t.evals) + isinstance(t.spec, RunSpec) for t in every[:-1])
    again = make_plan(study, cells, store, Speeds("test"))
    assert plan.tasks == again.tasks
    read = collect(study, cells, again, store)
    assert (kept.rows, kept.spent, kept.missing) == (read.rows, read.spent, read.missing)


@pytest.mark.parametrize("keep", [False, True])
def test_what_was_missing_is_looked_for_again(tmp_path: Path, keep: bool) -> None:
    store = Store(tmp_path)
    kept = KeptRecords(store, keep=keep)
    mine = kept.of("a")
    assert not mine.has_cost()
    assert mine.cost() is None
    assert not mine.has_result(1.0, "e")
    assert mine.result(1.0, "e") is None
    store.run("a").write_run_cost(run_cost())
    store.run("a").write_result(result("a", 1.0, "e", accuracy=0.5))
    for records in (mine, kept.of("a")):
        assert records.has_cost()
        assert records.cost() == store.run("a").read_spent()
        assert records.has_result(1.0, "e")
        found = records.result(1.0, "e")
        assert found
        assert found.metrics == {"accuracy": 0.5}
        assert not records.has_result(0.5, "e")


def test_a_damaged_record_measures_nothing(tmp_path: Path) -> None:
    folder = Store(tmp_path).run("a")
    folder.write_result(result("a", 1.0, "e", accuracy=0.5))
    whole = folder.read_measured(1.0, "e")
    full: Any = folder.read_result(1.0, "e")
    assert whole
    assert (whole.metrics, whole.intervals) == (full.metrics, full.intervals)
    assert (whole.n_train, whole.n_test) == (full.n_train, full.n_test)
    path = folder.result(1.0, "e")
    path.write_bytes(path.read_bytes().replace(b"0.5", b"0.6"))
    assert folder.read_measured(1.0, "e") is None
    assert not KeptRecords(Store(tmp_path), keep=True).of("a").has_result(1.0, "e")
