"""Copies between training and testing are refused; copies elsewhere are stated."""

from pathlib import Path

import pytest

from datayield.data.catalog import find
from datayield.data.leaks import leaks, notes
from datayield.data.split_content import split_listing
from datayield.spec.evaluation import EvalSpec
from datayield.spec.run import Curation, Listings, Part, Target
from tests.data.made import png, write


@pytest.fixture
def listings(tmp_path: Path) -> Listings:
    """A pool of 12 images of which 9 are distinct, and a task whose test has two of its train."""
    write(tmp_path / "pool", {f"{i}.png": png(i % 9) for i in range(12)})
    write(tmp_path / "task/train", {f"{'ab'[i % 2]}/{i}.png": png(20 + i) for i in range(6)})
    write(tmp_path / "task/test", {f"{'ab'[i % 2]}/{i}.png": png(24 + i) for i in range(4)})
    write(tmp_path / "task/test", {"a/9.png": png(3)})
    places = [("pool", "train"), ("task", "train"), ("task", "test")]
    return {(name, s): split_listing(find(str(tmp_path / name), s)) for name, s in places}


def task(**more: object) -> EvalSpec:
    raw = {"name": "task", "protocol": "knn@1", "dataset": "task", **more}
    return EvalSpec.model_validate(raw)


def test_a_test_image_in_train_is_refused(listings: Listings) -> None:
    (error,) = leaks([task()], listings)
    assert "2 images of test are also in train" in error.text()
    assert "allow_overlap: true" in error.text()
    assert leaks([task(allow_overlap=True)], listings) == []
    assert leaks([task(protocol="spectrum@1")], listings) == []  # reads no labels


def test_copies_and_pretrained_tests_are_stated(listings: Listings) -> None:
    parts = [Part(dataset="pool", count=4), Part(dataset="pool", count=12)]
    assert list(notes(parts, [task(allow_overlap=True)], listings)) == [
        "pool train: 12 images, 9 of them distinct (3 are copies of others)",
        "task: 2 images of test are also in train (allow_overlap)",
        "task: 1 of 5 test images is also in pool train, which runs are pretrained on "
        "(without labels)",
    ]
    alike = [task(allow_overlap=True), task(name="task, 2 labels", allow_overlap=True)]
    assert [note for note in notes(parts, alike, listings) if "pretrained" in note] == [
        "task and 1 more: 1 of 5 test images is also in pool train, which runs are pretrained on "
        "(without labels)",
    ]


def test_folds_of_pretraining_images_are_stated(listings: Listings) -> None:
    folded = task(dataset="pool", train="train", test="train", folds=5)
    assert leaks([folded], listings) == []
    part = Part(dataset="pool", count=4)
    *_, said = notes([part], [folded], listings)
    assert "test images are also in pool train, which runs are pretrained on" in said
    seen = task(dataset="pool", test="train", protocol="spectrum@1")  # asked for
    assert not any("(without labels)" in n for n in notes([part], [seen], listings))


def test_splits_that_share_groups_are_refused(tmp_path: Path) -> None:
    for split, first in (("train", 0), ("test", 4)):
        write(tmp_path / split, {f"{i}.png": png(10 * first + i) for i in range(6)})
        rows = [f"{i}.png,{i % 2},p{first + i}" for i in range(6)]
        (tmp_path / split / "metadata.csv").write_text("\n".join(["file,label,patient", *rows]))
    name = str(tmp_path)
    splits = "train[: by patient]", "test[: by patient]", "train[:50% by patient]", "train"
    known = {(name, s): split_listing(find(name, s)) for s in splits}
    (error,) = leaks([task(dataset=name, train=splits[0], test=splits[1])], known)
    assert "2 groups by 'patient' are in both" in error.text()
    assert error.got == "p4, p5"
    (error,) = leaks([task(dataset=name, train=splits[2], test="test")], known)
    assert "not grouped by the same column" in error.text()


def test_overlapping_slices_are_refused_by_their_names(tmp_path: Path) -> None:
    (error,) = leaks([task(train="train[:80%]", test="train[10%:]")], {})
    assert "both contain 70% of train" in error.text()


def test_choosing_near_to_test_images_is_refused(listings: Listings) -> None:
    def near(dataset: str, split: str) -> Part:
        target = Target(dataset=dataset, split=split)
        select = Curation(by="near_target", target=target)
        return Part(dataset="other", count=4, select=select)

    knn = task(allow_overlap=False, train="train", test="test", protocol="spectrum@1")
    for part in (near("task", "test"), near("task", "train"), near("pool", "train")):
        (error,) = leaks([knn], listings, [part])  # the train has two of the test, the pool one
        assert "chosen to be near to test images" in error.text()
        assert "allow_overlap: true" in error.text()
    assert leaks([knn], listings, [Part(dataset="task", count=4)]) == []
    accepted = task(allow_overlap=True)
    assert leaks([accepted], listings, [near("task", "train")]) == []
