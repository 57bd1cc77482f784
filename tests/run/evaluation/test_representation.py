"""state@1 of real runs, end to end: over training, for baselines, and without a projector."""

import json
from pathlib import Path

import pytest

from datayield.spec.atomic_files import read_json
from datayield.store.folders import Store
from tests.conftest import Call

STUDY = """
study: state
base:
  data: {dataset: digits, size: 16}
  encoder: {name: convnet, size: 16, width: 8}
  views: {recipe: mild, size: 16}
  optim: {lr: 2e-3}
  batch: 32
  budget: {images: 640}
recipes:
  lejepa: {method: {projector: [32, 24]}}
  simmim: {views: {recipe: simmim, size: 16}}
axes:
  data.count: [100]
  method: [lejepa, simmim]
evaluations:
  - {name: digit, protocol: linear@1, dataset: digits, label: digit, train_count: 100,
     test_count: 100, size: 16, at: [0.0, 0.5, 1.0]}
  - {name: folded, protocol: knn@1, dataset: digits, label: digit, folds: 4, train_count: 300,
     size: 16}
  - {name: unseen, protocol: state@1, dataset: digits, size: 16, views: mild, test_count: 100,
     at: [0.0, 0.5, 1.0]}
  - {name: seen, protocol: state@1, dataset: digits, size: 16, views: mild, test: train,
     test_count: 100}
  - {name: graph, protocol: augmentation_spectrum@1, dataset: digits, size: 16, views: mild,
     test_count: 100, where: {method: [lejepa]}}
"""


@pytest.fixture
def records(datayield: Call, tmp_path: Path) -> list[dict]:  # type: ignore[type-arg]
    (tmp_path / "state.yaml").write_text(STUDY)
    done = datayield("run", "state.yaml")
    assert done.code == 0, done.err + done.out
    contents = [read_json(path) for path in (tmp_path / "store").glob("runs/*/evals/*.json")]
    return [record for record in contents if record]


def of(records: list[dict], name: str) -> list[dict]:  # type: ignore[type-arg]
    return [r for r in records if r["eval"]["name"] == name]


def test_the_state_is_measured_of_runs_and_baselines(
    records: list[dict],
    datayield: Call,
    tmp_path: Path,  # type: ignore[type-arg]
) -> None:
    unseen = of(records, "unseen")
    assert len(unseen) == 2 * 3 + 2  # runs at three shares; untrained, pixels
    projected = [r for r in unseen if "projection_lidar" in r["metrics"]]
    assert len(projected) == 3  # lejepa's
    assert {r["metrics"]["projection_d"] for r in projected} == {24.0}
    assert {r["metrics"]["d"] for r in unseen} == {64.0, 768.0}
    for r in unseen:
        assert ("projection_lidar" in r["metrics"]) != any(
            "no projections" in n for n in r["notes"]
        )
        assert "views: mild, its first, seed 0" in r["notes"]
        assert all(isinstance(v, float) for v in r["metrics"].values())
    untrained = {json.dumps(r["metrics"]["lidar"]) for r in unseen if r["share"] == 0.0}
    assert len(untrained) == 2  # share 0 of a run is the untrained baseline; and pixels
    assert {r["eval"]["test"] for r in of(records, "seen")} == {"train"}
    graphs = of(records, "graph")
    assert len(graphs) == 1 + 2
    assert all(0 < r["metrics"]["gap_8"] < r["metrics"]["gap_2"] < 0.8 for r in graphs)

    folded = of(records, "folded")
    assert len(folded) == 2 + 2
    for r in folded:
        kept = Store(tmp_path / "store").run(r["run"]).read_right(r["share"], r["eval_id"])
        assert kept is not None
        assert (r["n_train"], r["n_test"], kept.n) == (300, 1000, 1000)
        assert kept.right().mean() == r["metrics"]["accuracy"] > 0.7

    assert datayield("report", "state.yaml").code == 0
    page = next((tmp_path / "store").glob("studies/*/report.html")).read_text()
    table = next((tmp_path / "store").glob("studies/*/selection.csv")).read_text()
    assert "Which checkpoint?" in page
    for name in ("best on validation", "highest LiDAR of projections", "lowest training loss"):
        assert name in table
