"""A table of tracked runs is one that `datayield answer` reads, with nothing to be named."""

import json
from pathlib import Path

import pytest

from datayield.analysis.evidence.tables.read_table import evidence_of_table
from datayield.store.folders import Store
from datayield.track.updates import Sent, update_of
from tests.track.recorder import finish, study_and_tasks


@pytest.mark.parametrize("rate", ["0.1", "0.2"])
def test_answer_reads_what_is_tracked(tmp_path: Path, rate: str) -> None:
    store = Store(tmp_path / "store")
    study, tasks = study_and_tasks(store, **{"seed": [0, 1], "optim.lr": [0.1, 0.2]})
    for i, task in enumerate(tasks):
        measured = {"accuracy": 0.5 + i / 100, "accuracy_val": 0.1, "strength": 0.1 + i // 3 % 2}
        finish(store, task, **measured, accuracy_best_on_test=0.99)
    records = []
    for run in study.runs:
        points = update_of(run, store.run(run.id), Sent(), over=True).points
        summary = {name: value for point in points for name, value in point.values.items()}
        records.append({"name": run.name, "config": run.config, "summary": summary})
    path = tmp_path / "runs.json"
    path.write_text(json.dumps(records))
    read = evidence_of_table(path).observations
    ours = [each for each in read if each.pretrained_by == "us"]
    assert len(ours) == 8  # 2 sizes x 2 rates x 2 seeds
    assert {each.pretrained_by for each in read} == {"us", "nobody"}
    assert {each.task for each in read} == {"category"}
    assert len({each.method for each in ours}) == 2  # one a rate; other settings are none
    assert {each.setting.images for each in ours if rate in each.method} == {100, 1000}
    assert {each.setting.presented for each in ours} == {2000}
    assert max(each.score for each in read) < 0.7
