"""From records in a store to rows: shared runs stand in both arms, variants are told apart."""

import time
from pathlib import Path

import yaml

from datayield.analysis.findings import analyse
from datayield.analysis.results.collect import _file_names, collect
from datayield.analysis.text.answer import answer
from datayield.spec.evaluation import EvalSpec
from datayield.spec.run import BaselineSpec, EncoderSpec, Listing, WeightsFile
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


def test_weights_of_another_encoder_are_a_baseline_of_all(tmp_path: Path) -> None:
    """They stand under their file's name beside runs of any encoder, in tables and sentences."""
    raw = yaml.safe_load(TEXT)
    raw["axes"] = {"data.count": [100, 200], "encoder.width": [8, 16], "seed": [0, 1, 2]}
    raw["base"]["budget"] = {"images": 2000}
    other = {"name": "resnet18", "stem": "cifar", "size": 32}
    raw["baselines"] = [{"weights": "lite0.pt", "sha256": "0" * 64, "encoder": other}]
    study = validated(Study, raw, where="test").located(tmp_path)
    cells, store = study.cells({}), Store(tmp_path / "store")
    for i, task in enumerate(make_plan(study, cells, store, Speeds("test")).tasks):
        (at,) = task.evals
        known = task.label == "weights lite0"
        _write(store, task.spec.id, *at, 0.9 if known else 0.3 + i / 1000)
    results = collect(study, cells, make_plan(study, cells, store, Speeds("test")), store)
    (theirs,) = [row for row in results.rows if row.kind == "weights"]
    assert (theirs.encoder, theirs.value, theirs.seed) == ("lite0", 0.9, 0)
    found = analyse(results)
    versus = [v for v in found.over_baselines if v.baseline.kind == "weights"]
    assert {v.point.encoder for v in versus} == {"convnet width=8", "convnet width=16"}
    assert {v.outcome for v in versus} == {"loses"}
    assert any("loses to the published weights" in head.text for head in answer(found))


def test_files_of_one_name_are_told_apart() -> None:
    def baseline(sha: str, size: int, name: str = "w.pt") -> BaselineSpec:
        encoder = EncoderSpec(name="convnet", size=size, width=4)
        file = WeightsFile(weights=f"/{sha}/{name}", sha256=sha * 64)
        return BaselineSpec(name="weights", encoder=encoder, weights=file)

    alone, first, second, again = made = [
        baseline("0", 32, "other.pt"), baseline("1", 32), baseline("1", 64), baseline("2", 64),
    ]  # fmt: skip
    names = _file_names(made, {})
    assert names[alone.id] == "other"
    assert names[first.id] == "w convnet size=32"
    assert names[second.id] == f"w convnet size=64 {second.id}"
    assert len({*names.values()}) == 4
    assert again.id in names[again.id]
    names = _file_names([first, second], {second.id: 64})
    assert [*names.values()] == ["w", "w at 64 px"]


def _write(store: Store, run: str, share: float, ev: EvalSpec, accuracy: float) -> None:
    store.run(run).write_result(
        ResultRecord(
            run=run,
            share=share,
            eval_id=ev.id,
            eval=ev.model_dump(mode="json"),
            metrics={"accuracy": accuracy},
            n_train=10,
            n_test=2000,
            seconds=1.0,
            data_digests=("a",),
            versions={},
            finished=time.time(),
        )
    )


def test_rows_of_a_study(tmp_path: Path) -> None:
    study = validated(Study, yaml.safe_load(TEXT), where="test")
    cells = study.cells({})
    store = Store(tmp_path)
    plan = make_plan(study, cells, store, Speeds("test"))
    assert len(plan.tasks) == 3 + 6
    for i, task in enumerate(plan.tasks[:-1]):  # the last run is left out
        for share, ev in task.evals:
            _write(store, task.spec.id, share, ev, i / 100)
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


def test_starts_keep_the_words_of_tables(tmp_path: Path) -> None:
    raw = yaml.safe_load(TEXT)
    earlier = {"method": {"name": "simmim"}, "data": {"count": 50}}
    raw["axes"] = {"init": [None, earlier, {"weights": "./enc.pt"}], "budget": [{"steps": 9}]}
    raw["base"]["budget"] = {"steps": 9}
    study, store = validated(Study, raw, where="test"), Store(tmp_path)
    cells = study.cells({("sprites", "train"): Listing("files", 1000)})
    results = collect(study, cells, make_plan(study, cells, store, Speeds("test")), store)
    assert results.init_words == ("null", "simmim n=50", "enc")
    assert results.words("init", {"method": "simmim", "data": {"count": 50}}) == "simmim n=50"


def test_all_images_keep_the_words_of_the_study(tmp_path: Path) -> None:
    raw = yaml.safe_load(TEXT)
    raw["axes"] = {"data.count": [None, 50], "budget": [{"steps": 100}]}
    study, store = validated(Study, raw, where="test"), Store(tmp_path)
    cells = study.cells({("sprites", "train"): Listing("files", 1000)})
    results = collect(study, cells, make_plan(study, cells, store, Speeds("test")), store)
    assert results.count_words == {((), 1000): "null"}
