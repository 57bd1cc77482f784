"""Every task of every suite is listed; what is missing says why."""

from pathlib import Path

import pytest

from datayield.data.catalog import find, present
from datayield.data.decoded.arrays import prepare
from datayield.data.sources.torchvision_names import SETS
from datayield.data.tasks import availability, missing
from datayield.spec.errors import DataError
from datayield.spec.evaluation.suites import suite, suite_names
from tests.data.sources.test_vtab_pack import make_task


def test_nothing_is_left_out_of_the_list() -> None:
    rows = availability()
    assert len(rows) == sum(len(suite(name).tasks) for name in suite_names())
    here = {row["task"] for row in rows if not row["missing"]}
    drawn = {f"sprites-{k}" for k in ("count", "position", "orientation")}
    drawn |= {"dsprites-location", "dsprites-orientation", "dsprites_loc", "dsprites_ori"}
    assert here == drawn
    for row in rows:
        assert row["missing"] or row["task"] in drawn


def test_what_is_drawn_here_has_the_classes_that_the_table_says() -> None:
    for name in suite_names():
        for task in suite(name).tasks:
            if task.dataset.startswith(("sprites", "dsprites")):
                source = find(task.dataset, task.train)
                assert len(source.classes[task.label]) == task.classes
                assert len(set(source.labels[task.label].tolist())) == task.classes
                assert len(find(task.dataset, task.test)) == task.tested


def test_torchvisions_tasks_are_in_its_table() -> None:
    for task in suite("vtab_style@1").tasks:
        if task.dataset.startswith("torchvision/"):
            named = SETS[task.dataset.removeprefix("torchvision/")]
            assert task.label in named.names
            assert named.splits[task.test].images == task.tested
            assert "not downloaded" in missing(task)


def test_a_set_that_is_not_fetched_is_not_here(tmp_path: Path) -> None:
    assert find("torchvision/DTD", "train").listing().images == 1880
    for split in ("train", "train[:50%]"):
        with pytest.raises(DataError, match="not downloaded yet"):
            present("torchvision/DTD", split)


def test_a_pack_is_here_and_its_size_is_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATAYIELD_DATA", str(tmp_path))
    make_task(tmp_path / "vtab-1k" / "kitti", test=711, classes=4)
    make_task(tmp_path / "vtab-1k" / "svhn", test=5)
    rows = {row["task"]: row["missing"] for row in availability() if row["suite"] == "vtab_1k@1"}
    assert rows["kitti"] == ""
    assert rows["svhn"] == "found with 5 test images, expected 26,032"
    assert rows["cifar"] == "dataset 'vtab-1k/cifar' not found"


def test_the_small_sets_are_as_the_table_says(real_data: Path) -> None:
    for task in suite("vtab_mini@1").tasks:
        assert missing(task) == ""
        source = find(task.dataset, task.train)
        assert len(source) >= (task.train_count or 0)
        assert len(source.classes[task.label]) == task.classes
    arrays = prepare("sign-digits", "test", 32, "squash")
    assert len(set(arrays.labels["label"].tolist())) == 10
