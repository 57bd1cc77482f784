"""The items of a study's results: found in the store, checked against the scores, or not used."""

from dataclasses import replace
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from datayield.analysis.results.collect import collect
from datayield.analysis.results.items import StudyItems
from datayield.analysis.results.results import StudyResults
from datayield.analysis.results.rows import Row
from datayield.spec.study.study import Study
from datayield.spec.validate import validated
from datayield.store.folders import Store
from datayield.store.plan import make_plan
from datayield.store.right_items import RightItems
from datayield.store.speeds import Speeds
from tests.analysed import verdicts_of
from tests.analysis.claims.claims_simulated import simulate
from tests.made_study import study_of
from tests.stored import result

CLASSES = (60, 40)
GAIN = {"id": "more", "test": "gain", "of": ["one", "two"], "over": "data.count",
        "from": "first", "to": "last"}  # fmt: skip


def _stored(tmp_path: Path, kept: bool = True) -> tuple[StudyResults, dict[str, np.ndarray]]:
    """Two sizes and two seeds, with which items were right: [n] by run."""
    raw = study_of({"data.count": [100, 200], "seed": [0, 1]})
    study, store = validated(Study, raw, where="test"), Store(tmp_path)
    cells = study.cells({})
    plan = make_plan(study, cells, store, Speeds("test"))
    rights: dict[str, np.ndarray] = {}
    for i, task in enumerate(plan.tasks):
        right = np.random.default_rng(i).random((1, 100)) < 0.4 + 0.05 * i
        for share, ev in task.evals:
            bits = RightItems(np.packbits(right, axis=1), CLASSES, "abc")
            recall = fmean(float(part.mean()) for part in (right[0, :60], right[0, 60:]))
            record = result(task.spec.id, share, ev.id, accuracy=float(right.mean()),
                            balanced_accuracy=recall)  # fmt: skip
            folder = store.run(task.spec.id)
            folder.write_result(record.model_copy(update={"n_test": 100}), bits if kept else None)
        rights[task.spec.id] = right[0]
    return collect(study, cells, plan, store), rights


def _cells(results: StudyResults, metric: str = "accuracy") -> dict[int, tuple[Row, ...]]:
    rows = [r for r in results.rows if r.metric == metric and r.kind == "run"]
    return {n: tuple(r for r in rows if r.n == n) for n in (100, 200)}


def test_a_contrast_of_cells_is_taken_item_by_item(tmp_path: Path) -> None:
    results, rights = _stored(tmp_path)
    cells = _cells(results)
    x = np.array([[rights[r.run] for r in rows] for rows in cells.values()], float)
    d = x[1] - x[0]
    rest = d - d.mean(0) - d.mean(1, keepdims=True) + d.mean()
    expected = d.mean(0).var(ddof=1) / 100 - (rest**2).sum() / 99 / (2 * 100)
    assert results.items is not None
    variance = results.items.variance({cells[200]: 1, cells[100]: -1})
    assert variance == pytest.approx(max(expected, 0), rel=1e-4, abs=1e-9)
    assert variance == results.items.variance({cells[100]: -1, cells[200]: 1})
    balanced = _cells(results, "balanced_accuracy")
    assert results.items.variance({balanced[100]: 1}) != results.items.variance({cells[100]: 1})


def test_items_that_do_not_give_the_score_are_not_used(tmp_path: Path) -> None:
    results, _ = _stored(tmp_path)
    cells = _cells(results)
    assert results.items is not None
    moved = tuple(r._replace(value=r.value + 0.01) for r in cells[100])
    assert results.items.variance({moved: 1}) is None
    longer = tuple(r._replace(n_test=101) for r in cells[100])
    assert results.items.variance({longer: 1}) is None
    assert results.items.variance({longer: 0, cells[200]: 1}) is not None
    strange = tuple(r._replace(metric="effective_rank") for r in cells[100])
    assert results.items.variance({strange: 1}) is None


def test_records_without_items_have_no_variance(tmp_path: Path) -> None:
    results, _ = _stored(tmp_path, kept=False)
    assert results.items is not None
    assert results.items.variance({_cells(results)[100]: 1}) is None


def test_cells_kept_unpacked_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results, _ = _stored(tmp_path)
    cells = _cells(results)
    items = results.items
    assert items is not None
    first = items.variance({cells[200]: 1, cells[100]: -1})
    monkeypatch.setattr("datayield.analysis.results.items.CACHED", 1)
    again = StudyItems(results.study, items.store)
    assert again.variance({cells[200]: 1, cells[100]: -1}) == first


def test_a_claim_says_whether_items_were_compared() -> None:
    measured, assumed = (simulate([GAIN], rng=3, items=items) for items in (True, False))
    (with_items,), (without,) = verdicts_of(measured), verdicts_of(assumed)
    assert with_items.item_by_item
    assert "test items compared one by one" in with_items.evidence
    assert not without.item_by_item
    assert "test items assumed to correlate by 0.95" in without.evidence
    assert with_items.effect == without.effect
    assert with_items.df != without.df
    some = {key: kept for key, kept in measured.items.files.items() if key[2] != "two"}
    partly = replace(measured, items=StudyItems(measured.study, Store(Path("none")), some))
    (fallen,) = verdicts_of(partly)
    assert replace(fallen, scale=without.scale) == without
