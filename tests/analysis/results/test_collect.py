"""From records in a store to rows: shared runs stand in both arms, variants are told apart."""

import time
from pathlib import Path

import yaml

from datayield.analysis.results.collect import collect
from datayield.spec.run import Listing
from datayield.spec.study.study import Study
from datayield.spec.validate import validated
from datayield.store.folders import Store
from datayield.store.plan import make_plan
from datayield.store.records import ResultRecord
from datayield.store.speeds import Speeds
from tests.made_study import BASE

TEXT = (
    BASE
    + """  batch: 32
axes: {data.count: [100, 200], budget: [{images: 2000}, {epochs: 20}], encoder.width: [8, 16]}
evaluations: [{name: category, protocol: linear@1, dataset: sprites, label: category}]
"""
)


def test_rows_of_a_study(tmp_path: Path) -> None:
    study = validated(Study, yaml.safe_load(TEXT), where="test")
    cells = study.cells({})
    store = Store(tmp_path)
    plan = make_plan(study, cells, store, Speeds("test"))
    assert len(plan.tasks) == 3 + 6
    for i, task in enumerate(plan.tasks[:-1]):  # the last run is left out
        for share, ev in task.evals:
            store.run(task.spec.id).write_result(
                ResultRecord(
                    run=task.spec.id,
                    share=share,
                    eval_id=ev.id,
                    eval=ev.model_dump(mode="json"),
                    metrics={"accuracy": i / 100},
                    n_train=10,
                    n_test=20,
                    seconds=1.0,
                    data_digests=("a",),
                    versions={},
                    finished=time.time(),
                )
            )
    results = collect(study, cells, make_plan(study, cells, store, Speeds("test")), store)
    assert len(set(results.missing)) == 6  # trained nowhere, whatever was measured
    kinds = [row.kind for row in results.rows]
    assert (kinds.count("pixels"), kinds.count("untrained"), kinds.count("run")) == (1, 2, 7)
    assert {row.encoder for row in results.rows} == {"", "convnet width=8", "convnet width=16"}
    shared = [r for r in results.rows if r.kind == "run" and r.n == 100]
    assert {(r.budget_label, r.axes_label) for r in shared} == {
        (budget, f"encoder.width={w}") for budget in ("2k images", "20 epochs") for w in (8, 16)
    }
    assert len({r.run for r in shared}) == 2  # 20 epochs of 100 images are 2k images


def test_sizes_that_are_no_numbers_keep_their_words(tmp_path: Path) -> None:
    raw = yaml.safe_load(TEXT)
    raw["axes"] = {"data.count": ["10%", 50], "encoder.width": [8], "budget": [{"steps": 100}]}
    study, store = validated(Study, raw, where="test"), Store(tmp_path)
    cells = study.cells({("sprites", "train"): Listing("files", 1000)})
    results = collect(study, cells, make_plan(study, cells, store, Speeds("test")), store)
    assert results.count_words == {((("encoder.width", "8"),), 100): "10%"}
